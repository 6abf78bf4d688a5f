import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kernels.householder import fold, substitute


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), m=st.integers(1, 80), k=st.integers(1, 4), seed=st.integers(0, 99))
def test_folding_keeps_every_inner_product_of_columns(n, m, k, seed):
    rng = np.random.default_rng(seed)
    R, QT = np.triu(rng.normal(size=(n, n))), rng.normal(size=(n, k))
    rows, others = rng.normal(size=(m, n)), rng.normal(size=(m, k))
    X, T = np.vstack([R, rows]), np.vstack([QT, others])
    fold(R, QT, rows, others, m)
    np.testing.assert_array_equal(R, np.triu(R))
    np.testing.assert_allclose(R.T @ R, X.T @ X, atol=1e-11)
    np.testing.assert_allclose(R.T @ QT, X.T @ T, atol=1e-11)
    squares = np.square(QT).sum(axis=0) + np.square(others).sum(axis=0)
    np.testing.assert_allclose(squares, np.square(T).sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("dense", [0, 1, 5])
def test_rows_that_are_triangular_are_folded_as_any_others(dense):
    rng = np.random.default_rng(dense)
    rows = np.vstack([rng.normal(size=(dense, 70)), np.triu(rng.normal(size=(70, 70)))])
    others = rng.normal(size=(len(rows), 2))
    found = []
    for known in (dense, len(rows)):
        R, QT = np.triu(np.ones((70, 70))), np.ones((70, 2))
        fold(R, QT, rows.copy(), others.copy(), known)
        found.append((R.T @ R, R.T @ QT))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_an_upper_triangle_is_solved():
    rng = np.random.default_rng(0)
    R, B = np.triu(rng.normal(size=(20, 20))) + 5 * np.eye(20), rng.normal(size=(20, 3))
    np.testing.assert_allclose(R @ substitute(R, B), B, atol=1e-12)
