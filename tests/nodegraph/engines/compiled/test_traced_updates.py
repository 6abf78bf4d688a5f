"""An online rule that says no more than `update`: compiled together with its node's step."""

from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.engines.compiled.tracing import Teaching, Writer, program_of
from nodegraph.errors import ContractError, NodegraphError, PlainStepWarning
from nodegraph.graph.lesson import Lesson
from nodegraph.maths import dot, matvec, tanh
from nodegraph.testing import check_rule, teach
from nodes import Input, PredictiveCoder

U = np.sin(np.arange(90) / 5)[:, None]
TARGET = np.cos(np.arange(90) / 5)[:, None]


class Momentum(ng.Rule):
    """``dW = rate (target - y) x'`` with momentum, the rate falling with the number of updates.

    Parameters
    ----------
    rate : float
    """

    class Memory(NamedTuple):
        """The last change, and how many there were."""

        dW: ng.Array
        n: ng.Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    rate: float = 0.1

    def begin(self, params):
        return self.Memory(np.zeros_like(params.W), np.zeros((), int))

    def update(self, params, memory, seen):
        n = memory.n + 1
        error = (seen.target - seen.y) / (1 + dot(seen.x, seen.x))
        dW = memory.dW / 2 + np.outer(error, seen.x) * (self.rate / np.sqrt(n)).astype(seen.x.dtype)
        return params._replace(W=params.W + dW), self.Memory(dW, n)


class Unit(ng.Node):
    """``y = tanh(W x + state / 2)``.

    Parameters
    ----------
    units : int
    rule : Rule, optional
    """

    class Params(NamedTuple):
        """Weights, (units, n_in), and what does not learn."""

        W: ng.Array
        bias: ng.Array

    units: int = 1
    rule: ng.rule.AnyRule | None = Momentum()

    @property
    def ready(self):
        return True

    def init(self, rng, n_in, n_out):
        return self.Params(rng.normal(size=(n_out, n_in)), np.full(n_out, 0.1))

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        y = tanh(matvec(params.W, x) + params.bias + state / 2)
        return y, y * 1


def test_the_rule_keeps_the_contract():
    check_rule(Momentum(), Unit(units=3))


def alone(dtype="float64", node=None):
    node = Unit(name="unit") if node is None else node
    return ng.Model(Input() >> node, seed=3, dtype=dtype)


def loop(dtype="float64"):
    unit = Unit(name="unit")
    return ng.Model((Input() >> unit) & (unit >> ng.delay(1) >> unit), seed=3, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("made", [alone, loop])
def test_chunks_and_single_rows_teach_to_the_same_bits(made, dtype):
    whole, rows = made(dtype), made(dtype)
    ys = whole.partial_fit(U, TARGET)
    parts = [rows.partial_fit(U[i : i + 1], TARGET[i : i + 1]) for i in range(len(U))]
    np.testing.assert_array_equal(np.concatenate(parts), ys)
    np.testing.assert_array_equal(rows.params["unit"].W, whole.params["unit"].W)
    thirds = made(dtype)
    for i in range(0, len(U), 30):
        thirds.partial_fit(U[i : i + 30], TARGET[i : i + 30])
    np.testing.assert_array_equal(thirds.params["unit"].W, whole.params["unit"].W)


def test_it_learns_what_the_plain_update_does():
    node, rule = Unit(units=2), Momentum()
    params, rng = node.init(np.random.default_rng(0), 3, 2), np.random.default_rng(1)
    xs, target = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    target[20:25] = np.nan
    lesson = Lesson({"x": xs}, target, np.isfinite(target).all(axis=1) & (np.arange(50) > 4))
    plain = learn_by_step(rule, node, params, np.zeros(2), rule.begin(params), lesson)
    copied = ng.arrays.copy_tree(params)
    found = teach(rule, node, copied, np.zeros(2), rule.begin(params), lesson)
    np.testing.assert_array_equal(found.ys, plain.ys)
    np.testing.assert_array_equal(found.params.W, plain.params.W)
    np.testing.assert_array_equal(found.memory.dW, plain.memory.dW)
    assert found.memory.n == 40


def test_a_row_that_fails_leaves_what_was_learned(monkeypatch):
    model, other = alone(), alone()
    for i in range(6):
        model.partial_fit(U[i : i + 1], TARGET[i : i + 1])
        other.partial_fit(U[i : i + 1], TARGET[i : i + 1])
    with pytest.raises(NodegraphError):
        model.partial_fit(np.array([[np.inf]]), TARGET[:1])
    np.testing.assert_array_equal(model.params["unit"].W, other.params["unit"].W)
    a, b = (m.partial_fit(U[6:20], TARGET[6:20]) for m in (model, other))
    np.testing.assert_array_equal(a, b)


def test_weights_laid_out_otherwise_come_back_as_they_were_given():
    class Columns(Unit):
        def init(self, rng, n_in, n_out):
            made = super().init(rng, n_in, n_out)
            return made._replace(W=np.asfortranarray(made.W))

    x = np.random.default_rng(0).normal(size=(40, 3))
    y = np.random.default_rng(1).normal(size=(40, 4))
    found = []
    for kind in (Unit, Columns):
        model = alone(node=kind(units=4, name="unit"))
        for i in range(20):
            model.partial_fit(x[i : i + 1], y[i : i + 1])
        model.partial_fit(x[20:], y[20:])
        found.append(model.params["unit"].W)
    np.testing.assert_array_equal(*found)


def test_a_memory_that_is_the_weights_at_first_keeps_them():
    class Anchored(Momentum):
        """It pulls back to where it began."""

        def begin(self, params):
            return (params.W,)

        def update(self, params, memory, seen):
            dW = np.outer(seen.target - seen.y, seen.x) * 0.1 + 0.01 * (memory[0] - params.W)
            return params._replace(W=params.W + dW), memory

    node, rule = Unit(units=2), Anchored()
    params = node.init(np.random.default_rng(0), 3, 2)
    xs, target = np.ones((9, 3)), np.ones((9, 2))
    lesson = Lesson({"x": xs}, target, np.ones(9, bool))
    plain = learn_by_step(rule, node, params, np.zeros(2), rule.begin(params), lesson)
    mine = ng.arrays.copy_tree(params)
    found = teach(rule, node, mine, np.zeros(2), rule.begin(mine), lesson)
    np.testing.assert_array_equal(found.params.W, plain.params.W)
    np.testing.assert_array_equal(found.memory[0], params.W)


class Counting(Momentum):
    """It counts with a number of Python's."""

    def begin(self, params):
        return 0

    def update(self, params, memory, seen):
        W = params.W + np.outer(seen.target - seen.y, seen.x) / (10 + memory)
        return params._replace(W=W), memory + 1


def test_an_update_that_cannot_be_traced_says_so_and_learns():
    model = alone(node=Unit(rule=Counting(), name="unit"))
    with pytest.warns(PlainStepWarning, match=r"Counting.update runs .* memory is no array, and"):
        ys = model.partial_fit(U, TARGET)
    fresh = ng.Model(model.graph, seed=3)
    fresh.run(U[:1])
    W, bias, y = fresh.params["unit"].W[0, 0], 0.1, 0.0
    for n, (u, t) in enumerate(zip(U[:, 0], TARGET[:, 0], strict=True)):
        y = np.tanh(W * u + bias + y / 2)
        assert np.isclose(ys[n, 0], y, rtol=1e-12)
        W += (t - y) * u / (10 + n)
    with pytest.raises(AssertionError, match=r"Counting.update runs through Python"):
        check_rule(Counting(), Unit())


def test_a_node_that_learns_nothing_runs_as_ever_beside_a_plain_rule():
    class Idle(Counting):
        traced: ClassVar[bool] = False

    class Loose(Unit):
        def step(self, params, state, x):
            y = np.tanh(params.W @ x + state / 2)  # other last bits in plain numpy
            return y, y * 1

    def model():
        return alone(node=Loose(units=30, rule=Idle(), name="unit"))

    x = np.random.default_rng(0).normal(size=(60, 7))
    taught = model().partial_fit(x, np.full((60, 30), np.nan))
    np.testing.assert_array_equal(taught, model().run(x))


def test_an_update_that_changes_more_than_it_says_is_refused():
    class Sly(Momentum):
        modifies: ClassVar[tuple[str, ...]] = ("W",)

        def update(self, params, memory, seen):
            return params._replace(bias=params.bias + seen.target), memory

    with pytest.raises(ContractError, match=r"Sly.update changes bias, .* \(W\)"):
        alone(node=Unit(rule=Sly())).partial_fit(U, TARGET)
    node, rule = Unit(), Sly()
    params = node.init(np.random.default_rng(0), 1, 1)
    lesson = Lesson({"x": U}, TARGET, np.ones(len(U), bool))
    with pytest.raises(ContractError, match=r"bias.*\(test_traced_updates.py:\d+\)"):
        teach(rule, node, params, np.zeros(1), rule.begin(params), lesson)


def test_rules_of_one_node_do_not_share_a_program():
    node: Any = Unit(units=2)
    params = node.init(np.random.default_rng(0), 3, 2)
    lesson = Lesson({"x": np.ones((5, 3))}, np.ones((5, 2)), np.ones(5, bool))
    for rate in (0.1, 0.2, 0.4):
        rule = Momentum(rate=rate)
        mine, memory = ng.arrays.copy_tree(params), rule.begin(params)
        plain = learn_by_step(rule, node, params, np.zeros(2), memory, lesson)
        found = teach(rule, node, mine, np.zeros(2), rule.begin(params), lesson)
        np.testing.assert_array_equal(found.params.W, plain.params.W)


def test_rules_that_say_the_same_share_a_program():
    node = PredictiveCoder(units=3)
    assert node.rule is not node.rule
    params, state = node.init(np.random.default_rng(0), 2, 3), node.start(3)
    step = Writer(node, params, state, {"x": 2}, np.dtype(float))
    programs = [
        program_of(replace(step, teaching=Teaching(rule, rule.begin(params), False)))
        for rule in (node.rule, node.rule, PredictiveCoder(units=3, rate=0.25).rule)
    ]
    assert programs[0] is programs[1]
    assert programs[0] is not programs[2]
