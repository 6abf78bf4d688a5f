"""The contract of a rule fails on something that breaks it."""

import re
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from pydantic import PositiveFloat

import nodegraph as ng
from nodegraph import Node, Rule
from nodegraph.engines.compiled.traced_updates import TracedCourse
from nodegraph.errors import ContractError, FieldError
from nodegraph.testing import check_rule
from nodegraph.testing.zoo import Follow, Mix
from nodes import GRU, Reservoir, Scaler, TaughtLayer, Zoneout
from nodes.parts.hidden_units import HiddenUnits
from nodes.rules import LocalError, Scaling


class Sly(Follow):
    """Says that it changes nothing.

    Parameters
    ----------
    rate : float
    """

    modifies: ClassVar[tuple[str, ...]] = ()


class Faster(Follow):
    """Learns at another rate.

    Parameters
    ----------
    rate : float
    """

    rate: PositiveFloat = 0.02


class Dividing(Follow):
    """Divides by nothing.

    Parameters
    ----------
    rate : float
    """

    def update(self, params, memory, seen):
        return params._replace(W=params.W * (0 * seen.y[0]) / (0 * seen.y[0])), memory


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_rule_that_makes_nan_is_found():
    with pytest.raises(AssertionError, match="Dividing makes NaN or inf of W"):
        check_rule(Dividing(), Mix())


def test_an_offline_rule_that_nothing_comes_of_is_refused():
    class Gathering(Rule):
        """Gathers, and learns nothing."""

        online: ClassVar[bool] = False
        supervised: ClassVar[bool] = False
        modifies: ClassVar[tuple[str, ...]] = ("W",)

        def update(self, params, memory, seen):
            return params, memory

    with pytest.raises(FieldError, match=r"Gathering is offline and has no finish.*write finish\("):
        Gathering()


def test_a_good_rule_passes():
    check_rule(Follow(), Mix())


def test_a_rule_that_changes_what_it_does_not_say_is_found():
    with pytest.raises(AssertionError, match="changes W, which is not among"):
        check_rule(Sly(), Mix())


def test_lessons_that_take_every_row_are_found(monkeypatch):
    right = TracedCourse.learn
    monkeypatch.setattr(
        TracedCourse,
        "learn",
        lambda *told: right(*told[:-1], told[-1]._replace(rows=np.ones_like(told[-1].rows))),
    )
    with pytest.raises(AssertionError, match="rows that are left out are learned from"):
        check_rule(Follow(), Mix())


def test_lessons_that_teach_something_else_are_found(monkeypatch):
    right = TracedCourse.learn
    monkeypatch.setattr(
        TracedCourse, "learn", lambda own, *told: right(TracedCourse(Faster(), own.node), *told)
    )
    monkeypatch.setattr(TracedCourse, "step_code", lambda *_: None)
    with pytest.raises(AssertionError, match="lessons and update disagree"):
        check_rule(Follow(), Mix())


class Forgetful(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        return one


class Turned(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        return super().merge(one, other)._replace(first=other.first)


class Greedy(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        one.sums[:] += 1
        return super().merge(one, other)


class Eager(Scaling):
    __doc__ = Scaling.__doc__

    def begin(self, params):
        return super().begin(params)._replace(n=1)


@pytest.mark.parametrize(
    "rule, message",
    [
        (Forgetful, "merged differ"),
        (Turned, "merged differ"),
        (Greedy, "merge changed what it was given"),
        (Eager, "merged differ"),
    ],
)
def test_a_wrong_merge_is_found(rule, message):
    with pytest.raises(AssertionError, match=message):
        check_rule(rule(kind="z-score"), Scaler())
    check_rule(Scaling(kind="z-score"), Scaler())


class Unsaid(Scaling):
    __doc__ = Scaling.__doc__
    modifies = ("scale",)


class Partial(LocalError):
    """Merges all but the slopes, of the third pass."""

    def merge(self, one, other):
        return super().merge(one, other)._replace(slope=super().merge(one, one).slope / 2)


class Marked(HiddenUnits):
    """What no file tells from other units."""


class Unkept(LocalError):
    """Learns otherwise from a memory that was never in a file."""

    def after_pass(self, memory):
        memory, more = super().after_pass(memory)
        return memory._replace(at=Marked(*memory.at)), more

    def _summed(self, memory, xs, ts):
        return super()._summed(memory, xs, ts + isinstance(memory.at, Marked) * xs[:, :1] ** 3)


@pytest.mark.parametrize(
    "kind, message",
    [(Partial, "parts cut at"), (Unkept, "a pass that goes on learns other params")],
)
def test_passes_that_depend_on_more_than_their_memory_are_found(kind, message):
    with pytest.raises(AssertionError, match=message):
        check_rule(kind(rounds=1, share=1.0), TaughtLayer(units=2, rounds=1, share=1.0))


def test_a_rule_that_changes_more_than_it_says_when_it_finishes_is_found():
    with pytest.raises(AssertionError, match=r"changes .'offset'. unsaid"):
        check_rule(Unsaid(), Scaler())


def test_a_lesson_of_loops_that_is_another_one_is_found(monkeypatch):
    right = TracedCourse.step_code
    monkeypatch.setattr(
        TracedCourse, "step_code", lambda own, *told: right(TracedCourse(Faster(), own.node), *told)
    )
    with pytest.raises(AssertionError, match="loops and sweeps give other outputs"):
        check_rule(Follow(), Mix())


@pytest.mark.parametrize("hook", ["learn", "course", "step_code"])
def test_a_method_that_nobody_would_call_is_refused(hook):
    with pytest.raises(ContractError, match=rf"Old.{hook} would not be called: leave it out"):
        type("Old", (Follow,), {hook: lambda self, *_: None, "__module__": __name__})


class Doubting(Follow):
    """Asks for a number.

    Parameters
    ----------
    rate : float
    """

    def update(self, params, memory, seen):
        return super().update(params, memory, seen) if seen.x[0] > 0 else (params, memory)


class Resigned(Doubting):
    """Asks for a number, and says so.

    Parameters
    ----------
    rate : float
    """

    traced: ClassVar[bool] = False


def test_an_update_that_cannot_be_compiled_fails_unless_it_says_so():
    with pytest.raises(AssertionError, match=r"Doubting.update runs through Python"):
        check_rule(Doubting(), Mix())
    check_rule(Resigned(), Mix())


def test_lessons_that_do_not_hear_the_noise_of_their_node_are_found(monkeypatch):
    cell, right = Zoneout(cell=GRU(units=3), p=0.5), TracedCourse.learn
    monkeypatch.setattr(
        TracedCourse,
        "learn",
        lambda own, *told: right(own, *told[:-1], _quiet(told[-1])),
    )
    monkeypatch.setattr(TracedCourse, "step_code", lambda *_: None)
    with pytest.raises(AssertionError, match=r"gives other outputs|lessons and update"):
        check_rule(cell.rule, cell)


def _quiet(lesson):
    inputs = {port: rows for port, rows in lesson.inputs.items() if port != "noise"}
    return lesson._replace(inputs=inputs)


class MeanAnswer(Rule):
    """Offline: ``W_in = mean_t y[t] x[t]'``, of a node with a state."""

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_in",)

    def begin(self, params):
        return np.zeros(params.W_in.shape), np.zeros((), int)

    def update(self, params, memory, seen):
        products = seen.y[:, :, None] * seen.x[:, None, :]
        sums = np.cumsum(np.concatenate([memory[0][None], products]), axis=0)[-1]
        return params, (sums, memory[1] + len(seen.x))

    def merge(self, one, other):
        return one[0] + other[0], one[1] + other[1]

    def finish(self, params, memory):
        return params._replace(W_in=memory[0] / memory[1])


class ByBlocks(MeanAnswer):
    """Sums of blocks, whose last bits hang on the blocks."""

    def update(self, params, memory, seen):
        return params, (memory[0] + seen.y.T @ seen.x, memory[1] + len(seen.x))


class OfOneRow(MeanAnswer):
    """Written as if it saw a step."""

    def update(self, params, memory, seen):
        return params, (memory[0] + np.outer(seen.y, seen.x), memory[1] + 1)


class Stretches(MeanAnswer):
    """Written as if it saw a step; what it keeps grows in silence."""

    def update(self, params, memory, seen):
        return params, (memory[0] + seen.y[..., None] * seen.x.mean(), memory[1] + 1)


def pool():
    return Reservoir(units=4, connectivity=1.0, input_connectivity=1.0, name="pool")


def test_an_offline_rule_that_hears_a_node_with_a_state():
    check_rule(MeanAnswer(), pool())
    with pytest.raises(AssertionError, match=r"chunks of .*; count rows by len\(seen.x\), and sum"):
        check_rule(ByBlocks(), pool())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (OfOneRow, r"sees a block of steps, as an offline rule does: x \(2, 3\), y \(2, 4\)"),
        (Stretches, "another kind of memory than before: .* sum over its first axis"),
    ],
)
def test_an_offline_rule_is_told_that_it_sees_blocks(kind, words):
    class Pool(Node):
        """A layer."""

        rule: Rule = kind()
        units: int = 4

        class Params(NamedTuple):
            W_in: Any

        def init(self, rng, n_in, n_out):
            return self.Params(rng.uniform(-1, 1, (n_out, n_in)))

        def step(self, params, state, x):
            return state, params.W_in @ x

    with pytest.raises((ValueError, ContractError)) as raised:
        ng.Model(Pool(name="pool"), seed=1).fit(np.ones((30, 3)))
    told = "\n".join([str(raised.value), *raised.value.__notes__])
    assert re.search(words, told)
