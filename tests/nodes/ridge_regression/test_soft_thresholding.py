import numpy as np
import pytest
import sklearn.linear_model
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.ridge_regression.rows import Rows
from nodes.ridge_regression.soft_thresholding import Penalised, solve_l1
from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(0)


def problem(n, n_in, spread=1.0):
    x = RNG.normal(size=(n, n_in)) @ (np.eye(n_in) + 0.5 * RNG.normal(size=(n_in, n_in)))
    x *= np.logspace(0, spread, n_in)
    return x, x[:, :2] @ [1.0, -1.0] + RNG.normal(size=n)


@pytest.mark.parametrize("n, n_in", [(300, 8), (400, 40), (30, 60)])
@pytest.mark.parametrize("alpha, ridge", [(0.3, 0.0), (0.05, 2.0)])
def test_weights_are_those_of_coordinate_descent(n, n_in, alpha, ridge):
    x, t = problem(n, n_in)
    W, _, converged = solve_l1(x.T @ x, (x.T @ t)[:, None], 2 * n * alpha, ridge)
    assert converged
    total = alpha + ridge / n
    other = sklearn.linear_model.ElasticNet(
        total, l1_ratio=alpha / total, fit_intercept=False, tol=1e-12, max_iter=200_000
    ).fit(x, t)
    np.testing.assert_allclose(W[0], other.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(W[0] == 0, other.coef_ == 0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), l1=st.floats(0.1, 100))
def test_slopes_are_at_the_bound_where_weights_are_and_below_it_elsewhere(seed, l1):
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(50, 6)), rng.normal(size=(50, 2))
    W, _, converged = solve_l1(x.T @ x, x.T @ t, l1, 0.0)
    slope = 2 * x.T @ (t - x @ W.T)
    assert converged and (np.abs(slope) <= l1 * (1 + 1e-6) + 1e-6).all()
    np.testing.assert_allclose(slope[W.T != 0], l1 * np.sign(W.T[W.T != 0]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("fit_bias", [True, False])
def test_rows_and_sums_of_them_are_one_and_there_is_a_strength_that_leaves_nothing(fit_bias):
    x, t = problem(40, 5)
    rows = Penalised.of(Rows(x + 3, t[:, None]), 0.5)
    sums = Penalised.of(Statistics.empty(5, 1).add(x + 3, t[:, None]), 0.5)
    one, other = rows.solve(3.0, fit_bias), sums.solve(3.0, fit_bias)
    np.testing.assert_array_equal(one.W, other.W)
    most = sums.largest(fit_bias)
    assert not sums.solve(1.001 * most, fit_bias).W.any()
    assert sums.solve(0.99 * most, fit_bias).W.any()
