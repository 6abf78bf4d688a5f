"""Mackey-Glass against the method of steps, and its independence of the sampling."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nodegraph.datasets import mackey_glass
from nodegraph.errors import BudgetError, DataError


def method_of_steps(tau, end, history, a=0.2, b=0.1, n=10):
    """Solve one delay after the other, each with the dense solution of those before it."""
    pieces = [history]

    def before(t):
        return pieces[min(max(int(np.floor(t / tau)) + 1, 0), len(pieces) - 1)](t)

    value = float(history(0.0))
    for k in range(int(np.ceil(end / tau))):
        past = pieces[-1]
        solution = solve_ivp(
            lambda t, x, past=past: a * past(t - tau) / (1 + past(t - tau) ** n) - b * x,
            (k * tau, (k + 1) * tau),
            [value],
            "DOP853",
            rtol=1e-11,
            atol=1e-12,
            max_step=0.5,
            dense_output=True,
        )
        value = solution.y[0, -1]
        pieces.append(lambda t, f=solution.sol: f(t)[0])
    return before


@pytest.mark.parametrize("tau", [17.0, 16.93])
def test_the_series_solves_the_delay_equation(tau):
    true = method_of_steps(tau, 120, lambda t: 1.2)
    x = mackey_glass(100, tau=tau)[:, 0]
    np.testing.assert_allclose(x, [true(t) for t in range(100)], rtol=0, atol=2e-6)


def test_a_sloping_history_is_honoured():
    true = method_of_steps(17.0, 60, lambda t: 0.9 + 0.02 * t)
    x = mackey_glass(50, history=[0.9 - 0.34, 0.9])[:, 0]
    np.testing.assert_allclose(x, [true(t) for t in range(50)], rtol=0, atol=2e-6)


@pytest.mark.parametrize("tau", [17, 30, 17.55])
def test_sampled_ten_times_as_densely_it_is_the_same_series(tau):
    fine, coarse = mackey_glass(20_001, tau=tau, h=0.1), mackey_glass(2001, tau=tau, h=1.0)
    np.testing.assert_array_equal(fine[::10], coarse)


def test_halving_the_step_divides_the_error_by_sixteen():
    end = [mackey_glass(round(60 / h) + 1, h=h)[-1, 0] for h in (0.1, 0.05, 0.025)]
    assert 12 < (end[0] - end[1]) / (end[1] - end[2]) < 20


def test_a_vanishing_making_leaves_exponential_decay():
    x = mackey_glass(50, a=0.0)[:, 0]
    np.testing.assert_allclose(x, 1.2 * np.exp(-0.1 * np.arange(50)), rtol=1e-8)


def test_the_fixed_point_stays():
    np.testing.assert_allclose(mackey_glass(200, x0=1.0, tau=3.0), 1.0, rtol=0, atol=1e-13)


def test_short_delays_and_long_steps_still_solve_the_equation():
    true = method_of_steps(1.5, 30, lambda t: 1.2)
    x = mackey_glass(7, tau=1.5, h=4.0)[:, 0]
    np.testing.assert_allclose(x, [true(4.0 * t) for t in range(7)], rtol=0, atol=2e-6)


def test_tau_17_stays_in_the_known_range():
    x = mackey_glass(5000, discard=500)
    assert x.shape == (5000, 1)
    np.testing.assert_allclose([x.min(), x.max()], [0.42, 1.31], atol=0.02)


def test_seeds_draw_histories_and_nothing_else():
    one, again, other = (mackey_glass(300, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one[0] == other[0] == 1.2
    assert np.abs(one - other).max() > 1e-3
    np.testing.assert_array_equal(
        mackey_glass(2001, h=0.1, seed=1)[::10], mackey_glass(201, h=1.0, seed=1)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau": 0}, "mackey_glass.tau: should be greater than 0"),
        ({"tau": float("inf")}, "mackey_glass.tau: should be a finite number"),
        ({"h": -1}, "mackey_glass.h"),
        ({"n": "ten"}, "mackey_glass.n"),
        ({"history": [1.0]}, "at least 2 numbers"),
        ({"history": [1.0, 1.0], "seed": 1}, "write only one"),
        ({"a": 1e308, "b": -1e308}, "left all bounds at step"),
    ],
)
def test_a_wrong_option_is_refused_by_name(options, message):
    with pytest.raises(DataError, match=message):
        mackey_glass(100, **options)


def test_a_step_that_asks_for_too_many_substeps_is_refused():
    with pytest.raises(BudgetError, match="mackey_glass"):
        mackey_glass(10, h=1e30)


def test_squashed_it_is_tanh_of_its_distance_to_one():
    plain = mackey_glass(50)
    np.testing.assert_array_equal(mackey_glass(50, squash=True), np.tanh(plain - 1))
    with pytest.raises(DataError, match="squash: should be true or false"):
        mackey_glass(50, squash=1)
