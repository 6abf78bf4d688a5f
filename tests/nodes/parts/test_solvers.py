import numpy as np
import pytest

from nodes.parts.solvers import SOLVERS, duration, unfolded

ORDERS = {"euler": 1, "midpoint": 2, "rk4": 4, "dopri5": 5}


def test_every_solver_has_its_order_here():
    assert ORDERS.keys() == SOLVERS.keys()


@pytest.mark.parametrize("name", ORDERS)
def test_errors_shrink_with_the_order(name):
    def after_one(solver, n):
        x = np.array([1.0, 0.0])
        for _ in range(n):
            x = SOLVERS[solver](lambda x: np.array([x[1], -x[0] * x[0]]), x, 1.0 / n)
        return x

    exact = after_one("rk4", 1000)
    wide, narrow = (np.abs(after_one(name, n) - exact).max() for n in (8, 16))
    assert np.log2(wide / narrow) == pytest.approx(ORDERS[name], abs=0.25)


def test_time_is_one_if_nobody_tells():
    x = np.zeros(2, np.float32)
    assert duration(None, x) == 1 and duration(None, x).dtype == np.float32
    np.testing.assert_array_equal(duration(np.array([0.5]), x), [0.5])


def test_moves_are_repeated():
    assert unfolded(1, lambda v: 2 * v, 3.0) == 6.0
    assert unfolded(3, lambda v: 2 * v, np.array([1.0]))[0] == 8.0
