"""The contract of a node fails on something that breaks it."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.compiled.traced_steps import Traced
from nodegraph.errors import ContractError
from nodegraph.testing import check_node, run_node
from nodegraph.testing.zoo import Follow, Mix, Trace


class Fine(ng.Node):
    """``y[t] = y[t-1] / 2 + x[t]``."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        y = (state / 2 + x).astype(x.dtype)
        return y, y.copy()


class Unsaid(Fine):
    """Talks of the week, but not of its field."""

    k: float = 2.0


class Aliased(Fine):
    """Returns the array that it keeps."""

    def run_block(self, params, state, xs):
        ys = np.empty_like(xs)
        for t, x in enumerate(xs):
            state, ys[t] = self.step(params, state, x)
        return ys[-1], ys


class Greedy(Fine):
    """Writes into its input."""

    def run_block(self, params, state, xs):
        out = run_node(Fine(), params, state, xs)
        xs[0] += 1
        return out


class Chunky(Fine):
    """Adds the mean of the chunk."""

    def run_block(self, params, state, xs):
        state, ys = run_node(Fine(), params, state, xs)
        return state, ys + xs.mean() * 1e-12


class Wide(Fine):
    """Gives out float64."""

    def step(self, params, state, x):
        y = state / 2 + x.astype(float)
        return y, y.copy()


class Hasty(Fine):
    """Runs another equation than it steps."""

    def run_block(self, params, state, xs):
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


class Louder(Fine):
    """Says that it gives out what comes to it, and does not."""

    verbatim: ClassVar[bool] = True


def test_check_node_says_what_a_model_would_say():
    with pytest.raises(AssertionError, match=r"Empty\.step returned None"):
        check_node(Empty())
    with pytest.raises(AssertionError, match="step returns an array that it keeps"):
        check_node(Kept())
    with pytest.raises(AssertionError, match=r"Unsaid does not say what \['k'\] mean"):
        check_node(Unsaid())
    with pytest.raises(AssertionError, match="it is verbatim, but gives out something else"):
        check_node(Louder())
    with pytest.raises(AssertionError, match="expected a node or a rule"):
        check_node(Fine)


@pytest.mark.parametrize("kind", [Aliased, Greedy, Chunky, Wide, Hasty, Silent, Moody])
def test_a_node_that_breaks_the_contract_fails(kind):
    with pytest.raises(AssertionError):
        check_node(kind())


class Slower(ng.Node):
    """``y[t] = .9 y[t-1] + x[t]``."""

    def step(self, params, state, x):
        y = 0.9 * state + x
        return y, y * 1


def test_a_step_of_loops_that_is_another_one_is_found(monkeypatch):
    right = Traced.step_code
    monkeypatch.setattr(Traced, "step_code", lambda _, *told: right(Traced(Slower(), ()), *told))
    with pytest.raises(AssertionError, match="loops and sweeps give other outputs"):
        check_node(Fine())


class Blocks(Fine):
    """Runs blocks by itself."""

    def run_block(self, params, state, xs):
        return run_node(Fine(), params, state, xs)


def test_a_node_that_runs_blocks_passes():
    check_node(Blocks())


@pytest.mark.parametrize("hook", ["run", "run_many", "prepared", "step_code"])
def test_a_method_that_nobody_would_call_is_refused(hook):
    with pytest.raises(ContractError, match=rf"Old.{hook} would not be called: leave it out"):
        type("Old", (Fine,), {hook: lambda self, *_: None, "__module__": __name__})


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


class Kinds(ng.Node):
    """A step whose bits hang on the precision: float32 is lost in it."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        return state, x * np.float64(2)


def test_a_step_that_loses_float32_is_found():
    with pytest.raises(AssertionError, match="y of float64 in a model of float32"):
        check_node(Kinds())


def test_the_zoo_keeps_the_contract():
    check_node(Trace())
    check_node(Mix(rule=Follow()))
