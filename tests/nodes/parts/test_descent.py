from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import DataError
from nodegraph.testing.comparing import same_trees
from nodes import Dense, PredictiveCell, PredictiveCoder
from nodes.parts.descent import Clock, clock, moments, settled
from nodes.rules import ForwardForward, InfoNCE


class Weights(NamedTuple):
    w: np.ndarray


class Memory(NamedTuple):
    w: np.ndarray
    clock: Clock


def walk(gradients, rule, w):
    """Return the weights after each gradient, one row a batch of 1."""
    params, memory, path = Weights(w), Memory(moments(w), clock()), []
    for g in gradients:
        memory.w[0] += g
        params, memory = settled(rule, params, memory, ("w",))
        if memory.clock.rows == 0:
            path.append(params.w)
    return np.array(path)


def test_it_is_adam_of_the_paper():
    rng = np.random.default_rng(0)
    gradients, w = rng.standard_normal((30, 4)), rng.standard_normal(4)
    rule = ForwardForward(rate=0.1, batch=3, decay=0.2)
    found = walk(gradients, rule, w)
    m = v = 0
    for k, g in enumerate(gradients.reshape(10, 3, 4).mean(axis=1), 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        mhat, vhat = m / (1 - 0.9**k), v / (1 - 0.999**k)
        w = w - 0.1 * (mhat / (np.sqrt(vhat) + 1e-8) + 0.2 * w)
        np.testing.assert_allclose(found[k - 1], w, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e-9, 1e12, -1e30]), min_size=1, max_size=40),
    st.floats(-5, 5),
)
def test_no_gradient_leads_out_of_the_bound(gradients, start):
    rule = ForwardForward(rate=0.5, batch=1, decay=1.0)
    path = walk(np.array(gradients)[:, None], rule, np.array([start]))
    assert np.abs(path).max() <= max(abs(start), 7.3)
    moves = np.diff(np.concatenate([[[start]], path]), axis=0)
    assert np.abs(moves + 0.5 * np.concatenate([[[start]], path[:-1]])).max() <= 7.3 * 0.5


def test_a_course_of_less_than_one_batch_is_refused():
    rule = ForwardForward(batch=9)
    with pytest.raises(DataError, match=r"0 steps to learn from, less than one batch of 9"):
        rule.require_update(clock())


@pytest.mark.parametrize(
    "node",
    [
        Dense(units=4, rule=InfoNCE(batch=7), name="it"),
        PredictiveCell(units=4, batch=7, name="it"),
        PredictiveCoder(units=4, batch=7, temporal=True, attention=True, name="it"),
    ],
    ids=lambda node: type(node.rule).__name__,
)
def test_a_course_that_was_saved_goes_on_with_the_same_bits(node, tmp_path):
    u = np.random.default_rng(0).standard_normal((90, 3))
    straight, cut = ng.Model(node, seed=2), ng.Model(node, seed=2)
    straight.partial_fit(u)
    cut.partial_fit(u[:40])
    cut.save(tmp_path / "cut.safetensors")
    resumed = ng.load(tmp_path / "cut.safetensors")
    resumed.partial_fit(u[40:])
    same_trees(resumed.params["it"], straight.params["it"], "resumed")
    np.testing.assert_array_equal(resumed.run(u), straight.run(u))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_precision_is_kept_while_gradients_are_double(dtype):
    u = np.random.default_rng(0).standard_normal((90, 3))
    for node in (Dense(units=4, rule=InfoNCE(batch=7)), PredictiveCell(units=4, batch=7)):
        model = ng.Model(node, seed=2, dtype=dtype)
        assert model.partial_fit(u).dtype == dtype
        (name,) = model.plan.nodes
        assert {array.dtype.name for array in model.params[name]} == {dtype}
