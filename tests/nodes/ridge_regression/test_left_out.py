import numpy as np
import pytest

import nodegraph as ng
from nodes import Input, Ridge
from nodes.ridge_regression import left_out as module
from nodes.ridge_regression.left_out import (
    FLAT,
    LeftOut,
    Widening,
    leverage,
    principal_axes,
)
from nodes.ridge_regression.rows import Rows
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


def leverage_of(z, x, fit_bias):
    own = np.hstack([x, np.ones((len(x), int(fit_bias)))])
    penalty = RIDGE * np.diag([1.0] * x.shape[1] + [0.0] * fit_bias)
    return np.einsum("ti,ti->t", z, np.linalg.solve(own.T @ own + penalty, z.T).T)


def begun(kind, block, fit_bias=True):
    data = data_of(kind)
    centre, values, axes = principal_axes(data, fit_bias)
    root, solution = axes / np.sqrt(values + RIDGE), data.solve(RIDGE, fit_bias)
    return LeftOut.of(solution.W, solution.b, centre, root, fit_bias / 60, block)


@pytest.mark.parametrize("kind", [Statistics, Triangle, Rows])
@pytest.mark.parametrize("fit_bias", [True, False])
@pytest.mark.parametrize("block", [1, 7])
def test_residuals_are_those_of_fits_without_the_rows(kind, fit_bias, block):
    found = begun(kind, block, fit_bias).add(X, T).closed()
    wanted, far = np.empty_like(T), np.empty(len(T))
    for start in range(0, 60, block):
        out = slice(start, start + block)
        rest = np.delete(np.arange(60), np.arange(60)[out])
        weights = solved(X[rest], T[rest], RIDGE, fit_bias)
        z = np.hstack([X[out], np.ones((len(X[out]), int(fit_bias)))])
        wanted[out] = T[out] - z @ weights
        far[out] = leverage_of(z, X[rest], fit_bias)
    np.testing.assert_allclose(found.kept, wanted, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found.far, far, rtol=1e-7)


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
        W=np.zeros((2, 4)), b=np.zeros(2), root=np.zeros((4, 4)), base=0.0, block=256
    )
    for start in range(0, len(xs), 777):
        still = still.add(xs[start : start + 777], ts[start : start + 777])
    kept = still.closed().kept[:, 0]
    assert KEPT / 2 < len(kept) <= KEPT
    np.testing.assert_allclose(np.diff(kept), 4)


def test_quantiles_are_the_ranks_of_conformal_prediction():
    kept = RNG.permutation(np.arange(1.0, 100.0))[:, None]
    left_out = begun(Statistics, 1)._replace(kept=kept)
    assert left_out.quantiles((0.05, 0.5, 0.95), np.ones(99)).ravel().tolist() == [5, 50, 95]


def test_the_leverage_of_a_new_row_is_the_mean_over_fits_without_a_block():
    found = begun(Statistics, 6, False).add(X, T).closed()
    new = 2 * RNG.normal(size=(7, 4))
    blocks = [np.arange(i, i + 6) for i in range(0, 60, 6)]
    each = [leverage_of(new, np.delete(X, rows, axis=0), False) for rows in blocks]
    wider = new @ found.spread_root()
    np.testing.assert_allclose((wider**2).sum(axis=1), np.mean(each, axis=0), rtol=1e-9)


def test_directions_that_a_gram_matrix_loses_count_where_the_triangle_has_them():
    t = np.linspace(-1, 1, 400)[RNG.permutation(400), None]
    powers = t ** np.arange(1, 26)
    y = np.tanh(6 * t)
    out = Ridge(ridge=1e-22, solver="qr", intervals=[0.05, 0.95])
    model = ng.Model(Input() >> out).fit(powers, y)
    found = model._settle().slots["ridge"].memory.second
    rows = np.arange(40)
    centre = powers[40:].mean(axis=0)
    weights, *_ = np.linalg.lstsq(powers[40:] - centre, y[40:] - y[40:].mean(), rcond=1e-13)
    wanted = y[rows] - (powers[rows] - centre) @ weights - y[40:].mean()
    np.testing.assert_allclose(found.kept[rows], wanted, rtol=1e-3, atol=1e-6)


def test_residuals_that_grow_with_leverage_are_told_from_those_that_do_not():
    far = RNG.gamma(0.5, 1.0, 4000)
    noise = RNG.laplace(size=(4000, 2))

    def form(residuals):
        return LeftOut.nothing()._replace(kept=residuals, far=far).widening()

    assert form(noise) == FLAT
    assert form(noise * ((0.03 + far) ** 0.75)[:, None]) == Widening(0.03, 0.75)
    assert form(noise * np.sqrt(1 + far)[:, None]) == Widening(1.0, 0.5)


def test_intervals_are_wider_where_little_was_learned():
    t, new = 0.3 * RNG.normal(size=(2000, 1)), np.linspace(-1.2, 1.2, 1500)[:, None]
    features, wave = (lambda t: np.cos(np.arange(1, 9) * t + 0.3)), (lambda t: np.tanh(3 * t))
    out = Ridge(ridge=1e-9, solver="qr", intervals=[0.05, 0.95])
    model = ng.Model(Input() >> out).fit(features(t), wave(t))
    low, high = np.moveaxis(model.intervals(features(new)), 2, 0)
    ends = np.quantile(model._settle().slots["ridge"].memory.second.kept, [0.05, 0.95])
    error = wave(new) - model.reset().run(features(new))
    assert ((error >= ends[0]) & (error <= ends[1])).mean() < 0.6  # as wide everywhere
    assert ng.metrics.coverage(wave(new), low, high) > 0.75
