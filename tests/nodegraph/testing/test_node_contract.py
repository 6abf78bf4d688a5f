"""The contract of a node fails on something that breaks it."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.compiled.traced_steps import Traced
from nodegraph.errors import ContractError
from nodegraph.node import Limits
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


class Parity(Fine):
    """Counts its steps beside the state, and answers every other one."""

    traced: ClassVar[bool] = False
    _count: int = 0

    def step(self, params, state, x):
        self._count += 1
        return state, x * (self._count % 2)


class Restless(Fine):
    """Starts somewhere else each time."""

    def start(self, n_out):
        return np.random.default_rng().standard_normal(n_out)


class Log(Fine):
    """Has no answer to inputs below 0."""

    def step(self, params, state, x):
        return state, np.log(x)


class LogOfSizes(Log):
    """Says so."""

    limits: ClassVar[dict[str, Limits]] = {"x": Limits(0, open=True)}


class Lent(ng.Node):
    """Gives out its weights."""

    def init(self, rng, n_in, n_out):
        return (np.ones(n_out),)

    def step(self, params, state, x):
        return state, params[0]


class Scaled(Fine):
    """Takes a number of numpy for one of Python."""

    def step(self, params, state, x):
        y = x / np.sqrt(2)
        return state, y


class Counted(Fine):
    """Divides by a whole number that counts."""

    def start(self, n_out):
        return np.zeros(n_out), np.ones((), int)

    def step(self, params, state, x):
        y = state[0] + x / state[1]
        return (y, state[1] + 1), x.copy()


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Parity, "the same series again gives other outputs; what lasts belongs into the state"),
        (Restless, "start gives another state each time"),
        (Log, "step gives NaN or inf for inputs around 0"),
        (Lent, "step returns an array of its params"),
        (Scaled, r"y of float64 in a model of float32; .*float\(np.sqrt\(4\)\)"),
        (Counted, r"before a float32 array of shape \(3,\); .* counter.astype\(x.dtype\)"),
    ],
)
def test_what_is_wrong_is_said_with_the_cure(kind, words):
    with pytest.raises(AssertionError, match=words):
        check_node(kind())


def test_a_node_that_says_which_inputs_it_takes_is_given_those():
    check_node(LogOfSizes())


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
