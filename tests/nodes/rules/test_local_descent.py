import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.graph.rule import Seen
from nodegraph.testing import check_rule
from nodes import Input, TaughtAttention
from nodes.parts.causal_heads import gradients

RNG = np.random.default_rng(1)
X = RNG.standard_normal((60, 3)) * [1.0, 2.0, 0.1] + [5.0, 0.0, -1.0]
T = np.tanh(X @ RNG.standard_normal((3, 2)))
SMALL = {"heads": 2, "keys": 2, "span": 5, "units": 3}


@pytest.mark.parametrize(
    "fields",
    [{"batch": 20, "rate": 0.5}, {"batch": 20, "ahead": 2, "activation": "tanh", "rate": 0.9}],
)
def test_it_is_a_rule(fields):
    node = TaughtAttention(**SMALL, window=16, passes=2, **fields)
    check_rule(node.rule, node, n_steps=50)


def after(node, params, passes, number=None):
    """Return the memory after so many passes over X and T."""
    rule, memory = node.rule, node.rule.begin(params)
    for _ in range(passes):
        _, memory = rule.update(params, memory, Seen(X, None, target=T, number=number))
        memory, _ = rule.after_pass(memory)
    return memory


def made(**fields):
    node = TaughtAttention(**SMALL, **fields)
    return node, node.init(np.random.default_rng(3), 3, 7, target=2)


def test_the_first_pass_leaves_what_a_ridge_of_the_inputs_does_not_tell():
    node, params = made()
    scene = after(node, params, 1).scene
    np.testing.assert_allclose(scene.mean, X.mean(0))
    np.testing.assert_allclose(scene.spread, X.std(0))
    C = np.cov(X.T, bias=True)
    values, vectors = np.linalg.eigh(C)
    p = (X - X.mean(0)) @ (vectors / np.sqrt(values + 3e-3 * values[-1]) @ vectors.T)
    size = np.sqrt((p**2).sum(0))
    t = T - T.mean(0)
    V = np.linalg.solve(p.T @ p / size / size[:, None] + 6e-3 * np.eye(3), p.T @ t / size[:, None])
    told = (X - X.mean(0)) @ scene.base.V.T + scene.base.offset
    np.testing.assert_allclose(told, p @ (V / size[:, None]) + T.mean(0), rtol=1e-9, atol=1e-12)


def test_weights_move_by_adam_once_enough_rows_were_seen():
    node, params = made(batch=60, passes=4, decay=0.1, rate=0.01)
    before, later = after(node, params, 1), after(node, params, 2)
    scene, at = before.scene, before.at
    x = (X - scene.mean) / scene.spread
    left = (T - (X - scene.mean) @ scene.base.V.T - scene.base.offset) / scene.size
    slope = gradients(at, node.rule.how, x, x, left)
    rate = 0.01 * (1 + np.cos(np.pi * (0.25 - 0.1) / 0.9)) / 2  # a quarter of all rows
    for w, g, moved in zip(at, slope, later.at, strict=True):
        step = g / 60 / (np.abs(g / 60) + 1e-8) + 0.1 * w
        np.testing.assert_allclose(moved, w - rate * step, rtol=1e-6, atol=1e-12)
    assert (later.turn, later.done, later.open) == (2, 60, 0)


def test_a_window_hears_the_steps_before_it_and_none_of_another_series():
    found = []
    for window in (60, 16):
        node, params = made(passes=1, batch=10**6, window=window)
        rule, begun = node.rule, after(node, params, 1)
        _, memory = rule.update(params, begun, Seen(X, None, target=T, number=0))
        _, memory = rule.update(params, memory, Seen(X[:1], None, target=T[:1], number=1))
        found.append(memory.slopes)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one[0], other[0], rtol=1e-9, atol=1e-12)


def test_without_a_row_there_is_nothing_to_learn():
    graph = Input() >> TaughtAttention(**SMALL)
    with pytest.raises(DataError, match="no rows to learn from"):
        ng.Model(graph).fit(X, np.full_like(T, np.nan))
