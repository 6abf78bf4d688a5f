import numpy as np
import pytest

from nodes.ridge_regression import left_out as module
from nodes.ridge_regression.dual_rows import Pile, Rows
from nodes.ridge_regression.left_out import LeftOut, leverage, principal_axes
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle

RNG = np.random.default_rng(0)
KEPT = 500
X, T, RIDGE = RNG.normal(size=(60, 4)) + 2, RNG.normal(size=(60, 2)), 0.7


def data_of(kind):
    return Rows(X, T) if kind is Rows else kind.empty(4, 2).add(X, T)


def solved(x, t, ridge, fit_bias):
    z = np.hstack([x, np.ones((len(x), int(fit_bias)))])
    penalty = ridge * np.diag([1.0] * x.shape[1] + [0.0] * fit_bias)
    return np.linalg.solve(z.T @ z + penalty, z.T @ t)


def begun(kind, block, fit_bias=True):
    data = data_of(kind)
    centre, values, axes = principal_axes(data, fit_bias)
    root, solution = axes / np.sqrt(values + RIDGE), data.solve(RIDGE, fit_bias)
    base, kept = fit_bias / 60, np.empty((0, 2))
    return LeftOut(Pile(), solution.W, solution.b, centre, root, base, kept, 1, 0, False, block)


@pytest.mark.parametrize("kind", [Statistics, Triangle, Rows])
@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("block", [1, 7])
def test_residuals_are_those_of_fits_without_the_rows(kind, fit_bias, block):
    found = begun(kind, block, fit_bias).add(X, T).closed().kept
    wanted = np.empty_like(T)
    for start in range(0, 60, block):
        out = slice(start, start + block)
        rest = np.delete(np.arange(60), np.arange(60)[out])
        weights = solved(X[rest], T[rest], RIDGE, fit_bias)
        z = np.hstack([X[out], np.ones((len(X[out]), int(fit_bias)))])
        wanted[out] = T[out] - z @ weights
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-10)


def test_the_leverage_is_that_of_the_inverse():
    centre, values, axes = principal_axes(data_of(Statistics), True)
    found = leverage(X, centre, axes / np.sqrt(values + RIDGE))
    dx = X - X.mean(axis=0)
    inverse = np.linalg.inv(dx.T @ dx + RIDGE * np.eye(4))
    np.testing.assert_allclose(found, np.einsum("ti,ij,tj->t", dx, inverse, dx), rtol=1e-10)


def test_chunks_show_in_no_bit():
    whole = begun(Statistics, 7).add(X, T).closed()
    parts = begun(Statistics, 7).add(X[:11], T[:11]).add(X[11:], T[11:]).closed()
    np.testing.assert_array_equal(whole.kept, parts.kept)


def test_of_long_series_every_second_or_fourth_residual_is_kept(monkeypatch):
    monkeypatch.setattr(module, "KEPT", KEPT)
    left_out = begun(Statistics, 1)
    xs = RNG.normal(size=(3 * KEPT, 4))
    ts = np.arange(3.0 * KEPT)[:, None] + np.zeros(2)
    still = left_out._replace(
        W=np.zeros((2, 4)), b=np.zeros(2), root=np.zeros((4, 1)), base=0.0, block=256
    )
    for start in range(0, len(xs), 777):
        still = still.add(xs[start : start + 777], ts[start : start + 777])
    kept = still.closed().kept[:, 0]
    assert KEPT / 2 < len(kept) <= KEPT
    np.testing.assert_allclose(np.diff(kept), 4)


def test_quantiles_are_the_ranks_of_conformal_prediction():
    kept = RNG.permutation(np.arange(1.0, 100.0))[:, None]
    left_out = begun(Statistics, 1)._replace(kept=kept)
    assert left_out.quantiles((0.05, 0.5, 0.95)).ravel().tolist() == [5, 50, 95]
