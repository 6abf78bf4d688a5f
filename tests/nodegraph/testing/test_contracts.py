"""Each contract fails on something that breaks it."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import local
from nodegraph.errors import NodegraphError
from nodegraph.testing import check_engine, check_node, check_rule
from nodegraph.testing.zoo import Follow, Mix, Trace
from nodes import Scaler
from nodes.rules import Scaling


class Fine(ng.Node):
    """``y[t] = y[t-1] / 2 + x[t]``."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        y = (state / 2 + x).astype(x.dtype)
        return y, y.copy()


class Aliased(Fine):
    """Returns the array that it keeps."""

    def run(self, params, state, xs):
        ys = np.empty_like(xs)
        for t, x in enumerate(xs):
            state, ys[t] = self.step(params, state, x)
        return ys[-1], ys


class Greedy(Fine):
    """Writes into its input."""

    def run(self, params, state, xs):
        out = super().run(params, state, xs)
        xs[0] += 1
        return out


class Chunky(Fine):
    """Adds the mean of the chunk."""

    def run(self, params, state, xs):
        state, ys = super().run(params, state, xs)
        return state, ys + xs.mean() * 1e-12


class Wide(Fine):
    """Gives out float64."""

    def step(self, params, state, x):
        y = state / 2 + x.astype(float)
        return y, y.copy()


class Hasty(Fine):
    """Runs another equation than it steps."""

    def run(self, params, state, xs):
        return state, xs * 2


class Silent(Fine):
    """Has a field that nobody explains."""

    secret: int = 1


class Moody(Fine):
    """Draws weights from nowhere."""

    def init(self, rng, n_in, n_out):
        return (np.random.default_rng().standard_normal(n_out),)


def test_a_good_node_passes():
    check_node(Fine())


class Empty(Fine):
    """Returns nothing."""

    def step(self, params, state, x):
        return None


class Kept(ng.Node):
    """Gives out the very array that it keeps."""

    class State(NamedTuple):
        """The last output."""

        y: ng.Array

    def start(self, n_out):
        return self.State(np.zeros(n_out))

    def step(self, params, state, x):
        y = state.y / 2 + x
        return self.State(y), y


def test_check_node_says_what_a_model_would_say():
    with pytest.raises(AssertionError, match=r"Empty\.step returned None"):
        check_node(Empty())
    with pytest.raises(AssertionError, match="step returns an array that it keeps"):
        check_node(Kept())
    with pytest.raises(AssertionError, match="expected a node or a rule"):
        check_node(Fine)


@pytest.mark.parametrize("kind", [Aliased, Greedy, Chunky, Wide, Hasty, Silent, Moody])
def test_a_node_that_breaks_the_contract_fails(kind):
    with pytest.raises(AssertionError):
        check_node(kind())


class Sly(Follow):
    """Says that it changes nothing.

    Parameters
    ----------
    rate : float
    """

    modifies: ClassVar[tuple[str, ...]] = ()


class Deaf(Follow):
    """Learns from rows that are left out.

    Parameters
    ----------
    rate : float
    """

    def learn(self, node, params, state, memory, lesson):
        every = lesson._replace(rows=np.ones_like(lesson.rows))
        return super().learn(node, params, state, memory, every)


class Quick(Follow):
    """Learns something else than it says.

    Parameters
    ----------
    rate : float
    """

    def learn(self, node, params, state, memory, lesson):
        learned = super().learn(node, params, state, memory, lesson)
        return learned._replace(params=learned.params._replace(W=learned.params.W * 1.01))


def test_a_good_rule_passes():
    check_rule(Follow(), Mix())


@pytest.mark.parametrize("rule", [Sly, Deaf, Quick])
def test_a_rule_that_breaks_the_contract_fails(rule):
    with pytest.raises(AssertionError):
        check_rule(rule(), Mix())


class Late:
    """An engine that gives everything one step late."""

    def execute(self, plan, slots, chunks, work):
        for outputs in local.execute(plan, slots, chunks, work):
            yield {name: np.roll(rows, 1, axis=0) for name, rows in outputs.items()}


class Forgetful:
    """An engine that loses the states between calls."""

    def execute(self, plan, slots, chunks, work):
        before = {name: slot.state for name, slot in slots.items()}
        yield from local.execute(plan, slots, chunks, work)
        for name, slot in slots.items():
            slot.state = before[name]


@pytest.mark.parametrize("engine", [Late(), Forgetful()], ids=["late", "forgetful"])
def test_an_engine_that_breaks_the_contract_fails(engine):
    def broken(seed):
        try:
            check_engine(engine, seed=seed)
        except (AssertionError, NodegraphError):
            return True
        return False

    assert sum(broken(seed) for seed in range(12)) >= 6


def test_the_zoo_keeps_the_contract():
    check_node(Trace())
    check_node(Mix(rule=Follow()))


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


class Sly(Scaling):
    __doc__ = Scaling.__doc__
    modifies = ("scale",)


def test_a_rule_that_changes_more_than_it_says_when_it_finishes_is_found():
    with pytest.raises(AssertionError, match=r"changes .'offset'. unsaid"):
        check_rule(Sly(), Scaler())


class WrongInLoops(Fine):
    """Its compiled step is another one."""

    def step_code(self, params, state, dtype, widths):
        class Slower(ng.Node):
            def step(self, params, state, x):
                y = 0.9 * state + x
                return y, y * 1

        return Slower().step_code(params, state, dtype, widths)


def test_a_wrong_compiled_step_is_found():
    with pytest.raises(AssertionError, match="step_code and run give other outputs"):
        check_node(WrongInLoops())


class RightInLoops(Fine):
    """Its compiled step is its own, by hand."""

    def step_code(self, params, state, dtype, widths):
        return Fine().step_code(params, state, dtype, widths)


def test_a_compiled_step_that_is_right_passes():
    check_node(RightInLoops())


class LearnsElse(Follow):
    """Learns something else in loops.

    Parameters
    ----------
    rate : float
    """

    def step_code(self, node, params, state, memory, dtype, widths):
        other = Follow(rate=2 * self.rate)
        return other.step_code(node, params, state, memory, dtype, widths)


def test_a_wrong_compiled_lesson_is_found():
    with pytest.raises(AssertionError, match="step_code and learn give other"):
        check_rule(LearnsElse(), Mix())


class Branching(Fine):
    """Asks for a number."""

    def step(self, params, state, x):
        y = state / 2 + x if x[0] > 0 else x
        return y, y.copy()


class Patient(Branching):
    """Asks for a number, and says so."""

    traced: ClassVar[bool] = False


def test_a_step_that_cannot_be_compiled_fails_unless_it_says_so():
    with pytest.raises(AssertionError, match=r"Branching.step runs through Python"):
        check_node(Branching())
    check_node(Patient())


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


class Kinds(ng.Node):
    """A step whose bits hang on the precision: float32 is lost in it."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        return state, x * np.float64(2)


def test_a_step_that_loses_float32_is_found():
    with pytest.raises(AssertionError, match="y of float64 in a model of float32"):
        check_node(Kinds())
