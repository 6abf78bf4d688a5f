"""Lorenz, Lorenz-96 and Rössler against an adaptive solver of order eight, and their laws."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nodegraph.datasets import lorenz, lorenz96, rossler
from nodegraph.errors import BudgetError, DataError


def solve(field, x0, times):
    return solve_ivp(
        lambda _, x: field(x), (0, times[-1]), x0, "DOP853", times, rtol=1e-13, atol=1e-14
    ).y.T


def lorenz_field(x):
    return np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])


def rossler_field(x):
    return np.array([-x[1] - x[2], x[0] + 0.2 * x[1], 0.2 + x[2] * (x[0] - 5.7)])


def ring_field(x):
    n = len(x)
    return np.array([(x[(i + 1) % n] - x[i - 2]) * x[i - 1] - x[i] + 8.0 for i in range(n)])


FLOWS = [
    (lorenz, lorenz_field, 0.01),
    (rossler, rossler_field, 0.1),
    (lambda steps, **o: lorenz96(steps, units=6, **o), ring_field, 0.01),
]


@pytest.mark.parametrize(("flow", "field", "h"), FLOWS)
def test_a_flow_follows_its_equations(flow, field, h):
    x = flow(101, h=h, substeps=20)
    np.testing.assert_allclose(x, solve(field, x[0], h * np.arange(101)), rtol=0, atol=1e-7)


@pytest.mark.parametrize(("flow", "field", "h"), FLOWS)
def test_halving_the_step_divides_the_error_by_sixteen(flow, field, h):
    x = flow(31, h=h)
    true = solve(field, x[0], h * np.arange(31))
    errors = [np.abs(flow(31, h=h, substeps=n) - true).max() for n in (2, 4)]
    assert 11 < errors[0] / errors[1] < 21


@pytest.mark.parametrize("flow", [lorenz, lorenz96, rossler])
def test_discarded_rows_are_the_first_ones(flow):
    np.testing.assert_array_equal(flow(20, discard=30), flow(50)[30:])


@pytest.mark.parametrize("flow", [lorenz, lorenz96, rossler])
def test_rows_are_float64_and_the_same_each_time(flow):
    first, again = flow(30), flow(30)
    assert first.dtype == np.float64
    assert first.shape[0] == 30
    np.testing.assert_array_equal(first, again)


def test_the_origin_of_lorenz_and_the_fixed_point_of_lorenz96_stay():
    np.testing.assert_array_equal(lorenz(10, x0=[0, 0, 0]), np.zeros((10, 3)))
    np.testing.assert_array_equal(lorenz96(10, units=5, x0=[8.0] * 5), np.full((10, 5), 8.0))


def test_the_wings_of_lorenz_lie_around_its_two_fixed_points():
    x = lorenz(5000, discard=500)
    right = x[x[:, 0] > 0].mean(axis=0)
    np.testing.assert_allclose(right, [72**0.5, 72**0.5, 27], rtol=0.25)


def test_lorenz96_seeds_differ_and_repeat():
    a, b = lorenz96(50, units=8, seed=1), lorenz96(50, units=8, seed=2)
    assert np.abs(a - b).max() > 1e-3
    np.testing.assert_array_equal(a, lorenz96(50, units=8, seed=1))


def test_x0_is_the_first_row_and_is_not_changed():
    x0 = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(lorenz(5, x0=x0)[0], x0)
    np.testing.assert_array_equal(x0, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lorenz(0), r"lorenz.steps: should be a whole number of at least 1 \(got 0\)"),
        (lambda: lorenz(True), "lorenz.steps"),
        (lambda: lorenz(10.0), "lorenz.steps"),
        (lambda: lorenz(10, h=0), "lorenz.h: should be greater than 0"),
        (lambda: lorenz(10, h=10**400), "lorenz.h: should be a finite number"),
        (lambda: lorenz(10, h=float("nan")), "lorenz.h"),
        (lambda: lorenz(10, sigma="ten"), "lorenz.sigma: should be a finite number"),
        (lambda: lorenz(10, x0=[1, 2]), "lorenz.x0: should be a flat list of 3 numbers"),
        (lambda: lorenz(10, x0=[1, 2, float("inf")]), "lorenz.x0: should hold finite"),
        (lambda: lorenz(10, x0="here"), "lorenz.x0: should be a list of numbers"),
        (lambda: lorenz(10, substeps=0), "lorenz.substeps"),
        (lambda: lorenz(10, discard=-1), "lorenz.discard"),
        (lambda: lorenz(100, h=1.0), "lorenz: left all bounds at step"),
        (lambda: rossler(10, a=None), "rossler.a"),
        (lambda: lorenz96(10, units=3), "lorenz96.units: should be a whole number of at least 4"),
        (lambda: lorenz96(10, seed=-1), "lorenz96.seed"),
    ],
)
def test_a_wrong_option_is_refused_by_name(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_more_rows_than_memory_are_refused_before_they_are_made():
    with pytest.raises(BudgetError, match="lorenz"):
        lorenz(10**15)
