import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.kernels.cholesky import solve_positive


def scaled_condition(A):
    scale = 1 / np.sqrt(A.diagonal())
    return np.linalg.cond(A * scale * scale[:, None], 1)


@pytest.mark.parametrize("n", [2, 3, 40])
@pytest.mark.parametrize("digits", [2, 6, 10])
def test_its_condition_number_is_that_of_the_matrix_and_not_of_its_diagonal(n, digits):
    Q = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0]
    A = (Q * np.logspace(0, -digits, n)) @ Q.T
    condition = solve_positive((A + A.T) / 2, np.ones((n, 1)))[1]
    assert scaled_condition(A) / 3 < condition < 1.001 * scaled_condition(A)
    assert solve_positive(np.diag(np.logspace(0, 9, n)), np.ones((n, 1)))[1] == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), k=st.integers(1, 4), seed=st.integers(0, 99))
def test_it_solves_what_lapack_solves(n, k, seed):
    rng = np.random.default_rng(seed)
    rows, B = rng.normal(size=(2 * n, n)), rng.normal(size=(n, k))
    A = rows.T @ rows + 0.1 * np.eye(n)
    before = A.copy(), B.copy()
    found, condition = solve_positive(A, B)
    np.testing.assert_allclose(found, np.linalg.solve(A, B), rtol=1e-7, atol=1e-9)
    assert 1 <= condition * 1.0001
    assert scaled_condition(A) / 3 <= condition <= 1.0001 * scaled_condition(A)
    np.testing.assert_array_equal(A, before[0])
    np.testing.assert_array_equal(B, before[1])


@pytest.mark.parametrize("A", [np.diag([1.0, -1.0]), np.zeros((2, 2)), np.full((2, 2), np.nan)])
def test_what_is_not_positive_definite_has_no_solution(A):
    assert solve_positive(A, np.ones((2, 1))) is None
