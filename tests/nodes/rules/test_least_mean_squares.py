import numpy as np
import pytest

from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodes import LMS
from nodes.rules import LeastMeanSquares


@pytest.mark.parametrize("fields", [{}, {"rate": 0.1, "fit_bias": False}])
def test_it_keeps_the_contract(fields):
    check_rule(LeastMeanSquares(**fields), LMS(), n_out=2)


def test_one_step_goes_along_error_times_input():
    params = LMS.Params(np.array([[1.0, 2.0]]), np.array([3.0]))
    seen = Seen(np.array([4.0, 5.0]), np.array([17.0]), (), np.array([18.0]))
    after, _ = LeastMeanSquares(rate=0.5).update(params, (), seen)
    np.testing.assert_array_equal(after.W_out, [[3.0, 4.5]])
    np.testing.assert_array_equal(after.bias, [3.5])


def test_a_step_is_down_the_gradient_of_half_the_squared_error():
    rng = np.random.default_rng(0)
    params = LMS.Params(rng.normal(size=(2, 3)), rng.normal(size=2))
    x, t, rate, h = rng.normal(size=3), rng.normal(size=2), 0.01, 1e-6

    def loss(W, b):
        return 0.5 * ((t - W @ x - b) ** 2).sum()

    seen = Seen(x, params.W_out @ x + params.bias, (), t)
    after, _ = LeastMeanSquares(rate=rate).update(params, (), seen)
    for index in np.ndindex(2, 3):
        up = params.W_out.copy()
        up[index] += h
        slope = (loss(up, params.bias) - loss(*params)) / h
        assert (after.W_out - params.W_out)[index] == pytest.approx(-rate * slope, abs=1e-6)


@pytest.mark.parametrize("rate, grows", [(0.95, False), (1.05, True)])
def test_it_is_stable_below_twice_the_inverse_of_the_largest_eigenvalue(rate, grows):
    x = np.array([1.0, 1.0])  # the only eigenvalue of x x' is 2: stable below rate 1
    params, rule = LMS.Params(np.ones((1, 2)), np.zeros(1)), LeastMeanSquares(rate=rate)
    rule = rule.model_copy(update={"fit_bias": False})
    for _ in range(100):
        params, _ = rule.update(params, (), Seen(x, params.W_out @ x, (), np.zeros(1)))
    assert (np.abs(params.W_out).max() > 1) == grows
