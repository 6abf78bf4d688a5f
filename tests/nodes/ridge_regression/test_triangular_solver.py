import numpy as np
import pytest

from nodegraph.host.numerics import using
from nodes.ridge_regression.triangular_solver import solve_triangle

MODES = ["exact", "portable"]


def triangle(values, k=2, seed=0):
    """Return the triangle of rows with these singular values, and rotated targets."""
    rng, n = np.random.default_rng(seed), len(values)
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    R = np.linalg.qr(left * values @ right.T, mode="r")
    return np.asfortranarray(R), np.asfortranarray(rng.normal(size=(n, k)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ridge", [1.0, 1e-6, 1e-18, 1e-24])
def test_a_penalty_far_below_the_rounding_of_squares_is_kept_to(ridge, mode):
    R, QT = triangle(np.logspace(0, -12, 25))
    with using(mode):
        found = solve_triangle(R, QT, ridge)
    rows = np.vstack([R, np.sqrt(ridge) * np.eye(25)])
    known = np.linalg.lstsq(rows, np.vstack([QT, np.zeros((25, 2))]), rcond=None)[0]
    size = np.linalg.norm(known)
    assert np.linalg.norm(found.W.T - known) < max(1e-13, 1e-15 / np.sqrt(ridge + 1e-24)) * size
    misfit, least = (np.linalg.norm(R @ W - QT) for W in (found.W.T, known))
    assert misfit == pytest.approx(least, rel=1e-3) and found.unique
    assert found.solver == {"exact": "qr", "portable": "portable qr"}[mode]


@pytest.mark.parametrize("mode", MODES)
def test_units_of_inputs_change_nothing_but_the_units_of_their_weights(mode):
    R, QT = triangle(np.logspace(0, -3, 6))
    units = 2.0 ** np.array([0, 60, -60, 5, -90, 30])
    with using(mode):
        plain, other = solve_triangle(R, QT, 0.0), solve_triangle(R * units, QT, 0.0)
    np.testing.assert_array_equal(other.W * units, plain.W)
    assert other.condition == plain.condition and other.unique


def test_a_ridge_is_in_the_units_of_the_inputs():
    R, QT = triangle(np.ones(5))
    units = 10.0 ** np.arange(-2, 3)
    known = np.linalg.solve((R * units).T @ (R * units) + 0.3 * np.eye(5), (R * units).T @ QT)
    np.testing.assert_allclose(solve_triangle(R * units, QT, 0.3).W, known.T, rtol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_of_weights_that_fit_alike_those_of_least_norm_are_taken(mode):
    R, QT = triangle(np.logspace(0, -2, 8))
    wide = np.hstack([R, R[:, :2], np.zeros((8, 1))])
    Q, square = np.linalg.qr(np.vstack([wide, np.zeros((3, 11))]))
    targets = Q.T @ np.vstack([QT, np.zeros((3, 2))])
    with using(mode):
        found = solve_triangle(np.asfortranarray(square), np.asfortranarray(targets), 0.0)
    known = np.linalg.lstsq(wide, QT, rcond=None)[0].T
    np.testing.assert_allclose(found.W, known, rtol=1e-9, atol=1e-12)
    assert found.rank == 8 and not found.unique and found.solver == "qr, singular vectors"


@pytest.mark.parametrize("ridge", [1e-300, 1e-40, 0.0])
def test_a_penalty_below_all_rounding_does_not_blow_up_weights_of_dependent_inputs(ridge):
    R, QT = triangle(np.r_[np.ones(5), 0.0])
    found = solve_triangle(R, QT, ridge)
    assert np.abs(found.W).max() < 10 and not found.unique


def test_nothing_is_learned_from_nothing():
    found = solve_triangle(np.zeros((3, 3), order="F"), np.zeros((3, 1), order="F"), 0.0)
    np.testing.assert_array_equal(found.W, np.zeros((1, 3)))
    assert found.rank == 0
