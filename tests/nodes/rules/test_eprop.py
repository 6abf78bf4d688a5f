import numpy as np
import pytest

import nodegraph as ng
from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, teach
from nodes import Input, PredictiveCell

X = np.random.default_rng(0).standard_normal((12, 2))


@pytest.mark.parametrize(
    "fields", [{}, {"leak_rate": 0.4, "feedback": "head"}, {"frozen": True, "batch": 3}]
)
def test_it_keeps_the_contract(fields):
    node = PredictiveCell(units=4, **fields)
    check_rule(node.rule, node)


def lived(node, params, xs):
    lesson = Lesson({"x": xs}, None, np.ones(len(xs), bool))
    state = node.start(node.units, xs.shape[1])
    return teach(node.rule, node, params, state, node.rule.begin(params), lesson)


def loss(p, a):
    h, total = np.zeros(len(p.bias)), 0.0
    for x in X:
        total += ((x - p.V @ h - p.offset) ** 2).sum() / 2
        h = (1 - a) * h + a * np.tanh(p.W @ h + p.W_in @ x + p.bias)
    return total


@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_where_units_hear_only_themselves_it_is_the_gradient_through_all_time(leak):
    rng = np.random.default_rng(2)
    node = PredictiveCell(units=3, leak_rate=leak, batch=100, feedback="head")
    p = node.init(rng, 2, 3)._replace(
        W=np.diag([0.9, -0.5, 0.3]), V=rng.standard_normal((2, 3)), bias=rng.standard_normal(3)
    )
    memory, h = lived(node, p, X).memory, 1e-6
    for name in node.rule.modifies:
        array, gathered = getattr(p, name), getattr(memory.sums, name)[0]
        for place in np.ndindex(array.shape):
            up, down = array.copy(), array.copy()
            up[place] += h
            down[place] -= h
            change = loss(p._replace(**{name: up}), leak) - loss(p._replace(**{name: down}), leak)
            assert gathered[place] == pytest.approx(change / (2 * h), abs=1e-6), name


def test_random_feedback_leaves_the_head_as_it_is_and_tells_other_blame():
    rng, p = np.random.default_rng(2), None
    sums = []
    for feedback in ("head", "random"):
        node = PredictiveCell(units=3, batch=100, feedback=feedback)
        p = p or node.init(rng, 2, 3)._replace(V=rng.standard_normal((2, 3)))
        sums.append(lived(node, p, X).memory)
    np.testing.assert_array_equal(sums[0].sums.V, sums[1].sums.V)
    np.testing.assert_array_equal(sums[0].traces[0].W, sums[1].traces[0].W)
    assert np.abs(sums[0].sums.W - sums[1].sums.W).max() > 0.01


def test_a_frozen_cell_learns_its_head_alone():
    node = PredictiveCell(units=4, frozen=True, batch=2)
    p = node.init(np.random.default_rng(0), 2, 4)
    after = lived(node, p._replace(V=p.V.copy(), offset=p.offset.copy()), X).params
    np.testing.assert_array_equal(after.W, p.W)
    np.testing.assert_array_equal(after.W_in, p.W_in)
    assert np.abs(after.V).max() > 0


@pytest.mark.parametrize("xs", [np.ones((5000, 2)), np.zeros((5000, 2)), None])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_dull_and_loud_input_leaves_bounded_weights(xs, scale):
    rows = np.random.default_rng(0).standard_normal((5000, 2)) if xs is None else xs
    node = PredictiveCell(units=6, rate=0.1, batch=1, spectral_radius=1.5)
    after = lived(node, node.init(np.random.default_rng(0), 2, 6), scale * rows)
    for name in node.rule.modifies:
        assert np.abs(getattr(after.params, name)).max() < 730
    largest = max(1, np.abs(scale * rows).max())
    for trace in (after.memory.traces[0].W, after.memory.traces[0].W_in):
        assert np.abs(trace).max() <= 1001 * largest


def test_less_than_one_batch_is_refused():
    with pytest.raises(ng.errors.DataError, match="EProp saw 1 steps to learn from, less than one"):
        ng.Model(Input() >> PredictiveCell(units=2)).fit(X[:1])
