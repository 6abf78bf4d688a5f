import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodegraph.rule import Lesson
from nodegraph.testing import check_rule, teach
from nodes import GRU, LSTM, MTRNN, Input, PredictiveCell
from nodes.rules import RFLO, EProp
from nodes.wirings import self_connected

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


@pytest.mark.parametrize("rule", [EProp(batch=1000), RFLO(batch=1000)])
def test_what_series_teach_adds_up(rule):
    """The first ends where the second begins: at zeros."""
    model_of = Input() >> GRU(units=3, rule=rule, name="cell")

    def gathered(xs):
        model = ng.Model(model_of, seed=1)
        model.partial_fit(xs)
        return model._settle().slots["cell"].memory.sums

    silent = np.zeros_like(X)
    whole, apart = gathered([silent, X]), [gathered([silent]), gathered([X])]
    for name in ("W", "W_in", "bias", "V", "offset"):
        one, other = (getattr(sums, name)[0] for sums in apart)
        np.testing.assert_allclose(getattr(whole, name)[0], one + other, atol=1e-14)


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


def lived_with(node, params, xs, ys):
    lesson = Lesson({"x": xs}, ys, np.ones(len(xs), bool))
    state = node.start(len(params.V), xs.shape[1])
    return teach(node.learner, node, params, state, node.learner.begin(params), lesson)


def test_a_target_teaches_the_head_and_the_cell_behind_it_through_all_time():
    """Where units hear only themselves; steps without a target move traces and count for none."""
    rng, y = np.random.default_rng(2), np.full((12, 1), np.nan)
    y[[6, 11]] = [[0.7], [-0.4]]
    rule = EProp(learns="target", feedback="head", batch=3)
    wiring = self_connected(3)
    node = LSTM(wiring=wiring, recurrent_scaling=0.0, rule=rule)
    p = node.init(rng, 2, 1)._replace(V=rng.standard_normal((1, 3)))

    def loss(p):
        state, total = node.start(1, 2), 0.0
        for x, wanted in zip(X, y, strict=True):
            state, said = node.step(p, state, x)
            total += np.nansum((wanted - said) ** 2) / 2
        return total

    memory, h = lived_with(node, p, X, y).memory, 1e-6
    assert memory.clock.rows == 2
    for name in node.learner.modifies:
        array, gathered = getattr(p, name), getattr(memory.sums, name)[0]
        there = node.links(p).get(name, np.ones_like(array))
        for place in zip(*np.nonzero(there), strict=True):
            up, down = array.copy(), array.copy()
            up[place] += h
            down[place] -= h
            change = loss(p._replace(**{name: up})) - loss(p._replace(**{name: down}))
            assert gathered[place] == pytest.approx(change / (2 * h), abs=1e-6), name


def test_it_keeps_the_contract_with_a_target():
    node = GRU(units=3, rule=EProp(learns="target", batch=2))
    check_rule(node.rule, node, n_out=2)


def test_series_without_any_target_teach_nothing():
    cell = LSTM(units=3, rule=EProp(learns="target", batch=1), name="it")
    y = np.array([np.eye(12)[:, :1], np.full((12, 1), np.nan)])
    once = ng.Model(Input() >> cell, seed=1).fit([X], [y[0]]).params["it"]
    both = ng.Model(Input() >> cell, seed=1).fit([X, X], [*y]).params["it"]
    for name in cell.learner.modifies:
        np.testing.assert_array_equal(getattr(once, name), getattr(both, name))


@pytest.mark.parametrize("rule", [EProp, RFLO])
def test_targets_that_its_updates_cannot_reach_are_warned_of(rule):
    x = np.random.default_rng(0).standard_normal((120, 1))
    graph = Input() >> MTRNN(units=3, tau=2.0, rule=rule(learns="target", batch=10), name="cell")
    ng.Model(graph, seed=1).fit(x, 2 * x)
    said = r"errors of the head are still .*e\+05, and in 12 updates of rate=0.002 .* their spread"
    with pytest.warns(DataWarning, match=said):
        ng.Model(graph, seed=1).fit(x, 1e6 * x)
