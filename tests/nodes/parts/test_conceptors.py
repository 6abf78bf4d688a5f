import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.parts.conceptors import (
    conceptor,
    conjunction,
    disjunction,
    negation,
    quota,
    with_aperture,
)


def drawn(seed, rank=4, n=4, aperture=2.0):
    X = np.random.default_rng(seed).standard_normal((rank, n))
    return conceptor(X.T @ X / rank, aperture)


SEEDS = st.integers(0, 2**20)
common = settings(max_examples=30, deadline=None)


@common
@given(SEEDS, st.floats(0.1, 100), st.integers(1, 4))
def test_it_is_the_best_filter(seed, aperture, rank):
    """C minimises E |x - C x|^2 + aperture^-2 |C|^2."""
    X = np.random.default_rng(seed).standard_normal((rank, 4))
    R = X.T @ X / rank
    C = conceptor(R, aperture)
    np.testing.assert_allclose(C @ (R + np.eye(4) / aperture**2), R, atol=1e-9)
    values = np.linalg.eigvalsh(C)
    assert (values > -1e-12).all() and (values < 1 + 1e-12).all()
    assert quota(C) == pytest.approx(values.mean())


@common
@given(SEEDS, SEEDS)
def test_laws_of_logic(a, b):
    A, B = drawn(a), drawn(b)
    near = {"atol": 1e-8}
    np.testing.assert_allclose(negation(negation(A)), A, **near)
    np.testing.assert_allclose(conjunction(A, B), conjunction(B, A), **near)
    de_morgan = negation(disjunction(A, B))
    np.testing.assert_allclose(de_morgan, conjunction(negation(A), negation(B)), **near)
    np.testing.assert_allclose(conjunction(A, np.eye(4)), A, **near)
    np.testing.assert_allclose(disjunction(A, np.zeros((4, 4))), A, **near)
    inverse = np.linalg.inv(np.linalg.inv(A) + np.linalg.inv(B) - np.eye(4))
    np.testing.assert_allclose(conjunction(A, B), inverse, atol=1e-6)
    for smaller, larger in ((conjunction(A, B), A), (A, disjunction(A, B))):
        assert np.linalg.eigvalsh(larger - smaller).min() > -1e-8


@common
@given(SEEDS, SEEDS)
def test_a_disjunction_is_the_conceptor_of_both_data(a, b):
    X, Y = (np.random.default_rng(s).standard_normal((6, 3)) for s in (a, b))
    R, Q = X.T @ X / 6, Y.T @ Y / 6
    either = disjunction(conceptor(R, 1.0), conceptor(Q, 1.0))
    np.testing.assert_allclose(either, conceptor(R + Q, 1.0), atol=1e-8)


def test_what_two_have_no_direction_of_is_nothing():
    A, B = np.diag([0.9, 0.5, 0.0]), np.diag([0.0, 0.5, 0.9])
    np.testing.assert_allclose(conjunction(A, B), np.diag([0, 1 / 3, 0]), atol=1e-9)
    assert not conjunction(np.diag([0.9, 0.0]), np.diag([0.0, 0.9])).any()


@common
@given(SEEDS, st.floats(0.2, 5))
def test_another_aperture_is_that_of_the_same_states(seed, factor):
    X = np.random.default_rng(seed).standard_normal((5, 3))
    R = X.T @ X / 5
    np.testing.assert_allclose(
        with_aperture(conceptor(R, 2.0), factor), conceptor(R, 2.0 * factor), atol=1e-8
    )


def test_apertures_without_bound():
    A = np.diag([1.0, 0.5, 0.0])
    np.testing.assert_allclose(with_aperture(A, np.inf), np.diag([1, 1, 0]), atol=1e-12)
    np.testing.assert_allclose(with_aperture(A, 0), np.diag([1, 0, 0]), atol=1e-12)
