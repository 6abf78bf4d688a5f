import numpy as np
import pytest

from nodegraph.host.numerics import using
from nodes.parts.causal_heads import Heads, Weights, features, gradients

RNG = np.random.default_rng(0)
N_IN, HEADS, KEYS, UNITS, OUT, M = 3, 2, 2, 4, 2, 9
HOW = Heads(HEADS, 4, "tanh")
X, QUERY = RNG.standard_normal((M, N_IN)), RNG.standard_normal((5, N_IN))
LEFT = RNG.standard_normal((5, OUT))


def drawn():
    width = HEADS * KEYS
    shapes = {
        **{"W_q": (width, N_IN), "b_q": (width,), "W_k": (width, N_IN), "W_v": (width, N_IN)},
        **{"b_v": (width,), "W_h": (UNITS, N_IN + width), "b_h": (UNITS,)},
        **{"U": (OUT, width + UNITS), "u": (OUT,)},
    }
    return Weights(**{name: RNG.standard_normal(shape) for name, shape in shapes.items()})


W = drawn()


def by_hand(w, t):
    """Return the features of step t of the window, by loops."""
    z, c = QUERY[t - M + 5], []
    there = range(max(0, t - HOW.span + 1), t + 1)
    for head in range(HEADS):
        own = slice(head * KEYS, (head + 1) * KEYS)
        q = (w.W_q @ z + w.b_q)[own]
        scores = np.array([q @ (w.W_k @ X[j])[own] / np.sqrt(KEYS) for j in there])
        a = np.exp(scores) / np.exp(scores).sum()
        c.append(sum(a[i] * (w.W_v @ X[j] + w.b_v)[own] for i, j in enumerate(there)))
    c = np.concatenate(c)
    return np.concatenate([c, np.tanh(w.W_h @ np.concatenate([z, c]) + w.b_h)])


@pytest.mark.parametrize("mode", ["exact", "portable"])
def test_features_are_those_of_softmax_over_the_last_steps(mode):
    with using(mode):
        found = features(W, HOW, QUERY, X).y
    expected = [by_hand(W, t) for t in range(M - 5, M)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def loss(w, heads_of_units):
    """Return half the squared error where hidden units hear the heads of other weights."""
    seen, fixed = features(w, HOW, QUERY, X), features(heads_of_units, HOW, QUERY, X)
    width, z = HEADS * KEYS, QUERY
    below = np.concatenate([z, fixed.y[:, :width]], axis=1)
    h = np.tanh(below @ w.W_h.T + w.b_h)
    y = np.concatenate([seen.y[:, :width], h], axis=1)
    return np.sum((y @ w.U.T + w.u - LEFT) ** 2) / 2


@pytest.mark.parametrize("name", Weights._fields)
def test_each_learns_down_the_slope_of_the_error_that_it_hears_itself(name):
    slope = getattr(gradients(W, HOW, QUERY, X, LEFT), name)
    array, e = getattr(W, name), 1e-6
    differences = np.empty_like(array)
    for at in np.ndindex(array.shape):
        step = np.zeros_like(array)
        step[at] = e
        near = [loss(W._replace(**{name: array + sign * step}), W) for sign in (-1, 1)]
        differences[at] = (near[1] - near[0]) / (2 * e)
    np.testing.assert_allclose(slope, differences, rtol=1e-5, atol=1e-8)


def test_rows_without_a_target_teach_nothing():
    without, alone = LEFT.copy(), np.full_like(LEFT, np.nan)
    without[1], alone[1] = np.nan, LEFT[1]
    whole = gradients(W, HOW, QUERY, X, LEFT)
    parts = [gradients(W, HOW, QUERY, X, left) for left in (without, alone)]
    for one, other, both in zip(*parts, whole, strict=True):
        np.testing.assert_allclose(one + other, both, rtol=1e-9, atol=1e-12)
