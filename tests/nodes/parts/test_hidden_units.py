from types import SimpleNamespace

import numpy as np
import pytest

from nodes.parts.hidden_units import HiddenUnits
from nodes.parts.whitened_head import Head
from nodes.ridge_regression.statistics import Statistics

RNG = np.random.default_rng(4)
X = RNG.standard_normal((300, 3)) @ RNG.standard_normal((3, 3)) + [5.0, 0.0, -1.0]
T = np.tanh(X @ RNG.standard_normal((3, 2)))


def units(B=(0, 0)):
    drawn = SimpleNamespace(
        W_in=RNG.standard_normal((4, 3)),
        bias=RNG.standard_normal(4),
        V=np.zeros((2, 7)),
        offset=np.zeros(2),
        B=RNG.standard_normal(B),
    )
    at = HiddenUnits.drawn(drawn).whitened(Statistics.empty(3, 0).add(X, X[:, :0]), 1e-2)
    return at.with_head(Head(RNG.standard_normal((2, 7)), RNG.standard_normal(2)))


def test_units_hear_whitened_inputs():
    at = units()
    seen = at.features(X, "tanh")
    np.testing.assert_array_equal(seen[:, :3], X - at.mean)
    p = (X - X.mean(0)) @ at.M
    np.testing.assert_allclose(seen[:, 3:], np.tanh(p @ at.W.T + at.bias), rtol=1e-9)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_slope_is_that_of_the_error_of_the_head(activation):
    at = units()
    slope = at.slope(X, T, activation)

    def loss(W_x):
        seen = at._replace(W_x=W_x).features(X, activation)
        return np.sum((T - seen @ at.head.V.T - at.head.offset) ** 2) / 2

    for unit, column in ((0, 0), (1, 2), (3, 1)):
        shift = np.zeros_like(at.W_x)
        shift[unit, column] = 1e-6
        difference = (loss(at.W_x - shift) - loss(at.W_x + shift)) / 2e-6
        np.testing.assert_allclose(slope[unit, column], difference, rtol=1e-5, atol=1e-4)


def test_random_feedback_takes_the_place_of_the_head():
    at = units(B=(2, 4))
    seen = at.features(X, "tanh")
    left = T - seen @ at.head.V.T - at.head.offset
    wanted = ((left @ at.B) * (1 - seen[:, 3:] ** 2)).T @ (X - at.mean)
    np.testing.assert_allclose(at.slope(X, T, "tanh"), wanted, rtol=1e-9)


def test_units_turn_towards_their_slope_and_keep_their_length():
    at, size = units(), np.linalg.norm
    g = RNG.standard_normal((4, 3))
    moved = at.moved(g, 0.5)
    np.testing.assert_allclose(size(moved.W, axis=1), size(at.W, axis=1), rtol=1e-12)
    along, length = g @ at.M, size(at.W, axis=1, keepdims=True)
    step = at.W + 0.5 * length * along / size(along, axis=1, keepdims=True)
    wanted = step * length / size(step, axis=1, keepdims=True)
    np.testing.assert_allclose(moved.W, wanted, rtol=1e-12)
    np.testing.assert_allclose(moved.W_x, moved.W @ at.M, rtol=1e-12)
    np.testing.assert_array_equal(at.moved(0 * g, 0.5).W, at.moved(g, 0.0).W)
