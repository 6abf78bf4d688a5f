"""A node that says no more than `step`: compiled for all that runs it, or told why not."""

import warnings
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.compiling import machine_code
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.prepared import fold
from nodegraph.errors import ContractError, PlainStepWarning
from nodegraph.maths import matvec, repeat, sigmoid, tanh, total
from nodegraph.testing import check_node, run_node
from nodes import Input

U = np.sin(np.arange(120) / 5)[:, None]


class Gated(ng.Node):
    """A gated memory that counts its steps, with a second input and noise.

    Parameters
    ----------
    units : int
    """

    class Params(NamedTuple):
        """Weights of the gate and of the memory."""

        G: ng.Array
        W: ng.Array

    class State(NamedTuple):
        """The memory, and how many steps there were."""

        h: ng.Array
        n: ng.Array

    units: int = 5

    def init(self, rng, n_in, n_out):
        """Return weights."""
        G, W = rng.normal(size=(2, n_out, n_in + n_out))
        return self.Params(G, W / 2)

    def start(self, n_out):
        """Return zeros."""
        return self.State(np.zeros(n_out), np.zeros((), int))

    def draw_noise(self, rng, n_steps, n_out):
        """Return small noise."""
        return rng.normal(size=(n_steps, n_out)) / 100

    def step(self, params, state, x, push=None, noise=None):
        """Return the memory one step later."""
        seen = np.concatenate([x, state.h])
        gate = sigmoid(matvec(params.G, seen))
        new = repeat(3, lambda v: tanh(v / 2 + matvec(params.W, seen)), state.h)
        if push is not None:
            new = new + total(push)
        if noise is not None:
            new = new + noise
        h = np.where(state.n % 3 == 0, state.h, gate * state.h + (1 - gate) * new)
        return self.State(h, state.n + 1), h / 2


def drawn(node, dtype, n_in=2):
    params = node.init(np.random.default_rng(0), n_in, node.units)
    start = node.start(node.units)
    return ng.arrays.cast(params, dtype), ng.arrays.cast(start, dtype)


def same(one, other):
    for (_, a), (_, b) in zip(ng.arrays.leaves(one), ng.arrays.leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).dtype == np.asarray(b).dtype


def test_a_node_keeps_the_contract():
    check_node(Gated())


@pytest.mark.parametrize("dtype", [np.dtype("f8"), np.dtype("f4")], ids=str)
def test_whatever_runs_it_leaves_the_bits_of_the_plain_step(dtype):
    node = Gated()
    params, start = drawn(node, dtype)
    xs = np.random.default_rng(1).normal(size=(40, 2)).astype(dtype)
    ready, plain = prepared(node, params), fold(node, params, start, xs, {})
    same(ready.run(start, xs), plain)
    same(run_node(node, params, start, xs), plain)
    state, parts = start, []
    for cut in (xs[:1], xs[1:8], xs[8:]):
        state, ys = ready.run(state, cut)
        parts.append(ys)
    same((state, np.concatenate(parts)), plain)
    series = [xs[:n] for n in (3, 40, 1, 17, 8, 8, 30)]
    states, outputs = ready.run_many([start] * 7, series)
    for state, ys, x in zip(states, outputs, series, strict=True):
        same((state, ys), fold(node, params, start, x, {}))


def loop(node):
    return (Input() >> node["push"]) & (node >> ng.delay(1) >> node)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_loops_and_single_steps_leave_the_same_bits(dtype):
    def model():
        return ng.Model(loop(Gated()), seed=1, dtype=dtype)

    whole = model().run(U)
    stepped = model()
    np.testing.assert_array_equal(whole, np.stack([stepped.step(u) for u in U]))
    chunked = model()
    parts = [chunked.run(U[i : i + 3]) for i in range(0, len(U), 3)]  # too short for a program
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_noise_is_heard_where_it_is_drawn():
    quiet, loud = ng.Model(loop(Gated()), seed=1), ng.Model(loop(Gated()), seed=1)
    still = quiet.run(U)
    noisy = loud.run(U, noise=True)
    assert 0 < np.abs(still - noisy).max() < 0.5


def test_without_compiling_the_bits_are_the_same(monkeypatch):
    compiled = ng.Model(loop(Gated()), seed=1).run(U)
    monkeypatch.setenv("NODEGRAPH_COMPILE", "0")
    np.testing.assert_array_equal(ng.Model(loop(Gated()), seed=1).run(U), compiled)


def test_other_fields_and_widths_compile_nothing():
    class Leak(ng.Node):
        units: int = 4
        leak: float = 0.4

        def start(self, n_out):
            return np.zeros(n_out)

        def step(self, params, state, x):
            state = (1 - self.leak) * state + self.leak * total(x)
            return state, state * 1

    ng.Model(Leak()).run(np.ones((7, 2)))
    before = machine_code.stats["compiled"] + machine_code.stats["loaded"]
    ng.Model(Leak(units=9, leak=0.25)).run(np.ones((7, 3)))
    assert machine_code.stats["compiled"] + machine_code.stats["loaded"] == before


class Chooser(ng.Node):
    """It asks for numbers while it is traced."""

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x):
        if state[0] > 2:
            return state * 0, state * 1
        return state + x, state * 1


def test_a_step_that_cannot_be_traced_says_so_once_and_runs():
    class Early(Chooser):
        pass

    wanted = r"Early.step runs .* test_traced_steps.py:\d+, if state\[0\] > 2: .* where\(condition"
    with pytest.warns(PlainStepWarning, match=wanted):
        y = ng.Model(Early()).run(np.ones((9, 1)))
    assert y[:5, 0].tolist() == [0, 1, 2, 3, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ng.Model(Early()).run(np.ones((9, 1)))
    with pytest.raises(AssertionError, match=r"Early.step runs through Python"):
        check_node(Early())


def test_a_step_that_is_not_to_be_traced_is_left_in_peace():
    class Plain(Chooser):
        traced: ClassVar[bool] = False

    assert ng.Model(Plain()).run(np.ones((9, 1)))[:5, 0].tolist() == [0, 1, 2, 3, 0]
    check_node(Plain())


def test_numbers_of_python_in_a_state_are_not_lost():
    class Counter(ng.Node):
        def start(self, n_out):
            return 0

        def step(self, params, state, x):
            return state + 1, x + state

    with pytest.warns(PlainStepWarning, match=r"state is no array, and changes; begin with"):
        y = ng.Model(Counter()).run(np.zeros((4, 1)))
    assert y[:, 0].tolist() == [0, 1, 2, 3]


def test_numbers_of_numpy_are_arrays():
    class Counter(ng.Node):
        def start(self, n_out):
            return np.int64(0)

        def step(self, params, state, x):
            return state + 1, x + state

    model = ng.Model(Counter())
    assert model.run(np.zeros((4, 1)))[:, 0].tolist() == [0, 1, 2, 3]
    assert [float(model.step([0.0])[0]) for _ in range(3)] == [4, 5, 6]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda s, y: (s, y.astype(np.float32)), r"y of float32 in a model of float64; write y.as"),
        (lambda s, y: (s, y[None]), r"y of shape \(1, 1\)"),
        (lambda s, y: (np.append(s, s), y), r"kind of state than before: it is float64 of shape"),
        (lambda s, y: ((s,), y), r"state as tuple"),
    ],
)
def test_an_answer_of_another_kind_is_refused_by_class_and_line(answer, message):
    class Odd(ng.Node):
        def start(self, n_out):
            return np.zeros(n_out)

        def step(self, params, state, x):
            return answer(state + x, x + state)

    with pytest.raises(ContractError, match=rf"Odd.step .*{message}.*test_traced_steps.py:\d+"):
        run_node(Odd(), (), np.zeros(1), np.ones((3, 1)))
    with pytest.raises(ContractError, match=r"odd: Odd.step"):
        ng.Model(Odd()).run(np.ones((3, 1)))


def test_rows_that_do_not_fit_are_refused():
    node = Gated()
    params, start = drawn(node, np.dtype("f8"))
    with pytest.raises(ValueError, match=r"push has 3 rows, x has 4"):
        run_node(node, params, start, np.ones((4, 2)), push=np.ones((3, 1)))


def test_a_loop_whose_carry_changes_its_shape_is_refused_by_class_and_line():
    class Growing(ng.Node):
        def step(self, params, state, x):
            return state, repeat(2, lambda v: np.concatenate([v, v]), x)

    wanted = r"body made f\S+\[4\] of f\S+\[2\]; give .*test_traced_steps.py:\d+"
    with pytest.raises(ContractError, match=rf"Growing.step: repeat's {wanted}"):
        run_node(Growing(), (), (), np.ones((3, 2)))
    with pytest.raises(ContractError, match=wanted) as caught:
        ng.Model(Growing()).run(np.ones((3, 2)))
    assert any("Growing.step" in note for note in caught.value.__notes__)


def test_a_step_that_keeps_an_array_on_itself_is_told_by_class_and_line():
    class Checkpointer(ng.Node):
        def step(self, params, state, x):
            object.__setattr__(self, "last", x * 2)
            return state, x * 1

    wanted = r"Checkpointer.step .*test_traced_steps.py:\d+.*self.last.*belongs into the state"
    with pytest.warns(PlainStepWarning, match=wanted):
        ng.Model(Checkpointer()).run(np.ones((3, 2)))


def test_what_passes_through_is_not_copied_for_many_series_either():
    series = [U[i : i + 9] for i in range(20)]
    states, ys = prepared(Input(), None).run_many([None] * 20, series)
    assert states == [None] * 20
    assert all(np.shares_memory(y, x) for y, x in zip(ys, series, strict=True))


def test_ragged_series_go_by_sixteen_with_those_that_are_about_as_long():
    node, lengths = Gated(), np.random.default_rng(0).permutation(np.arange(1, 51))
    params, start = drawn(node, np.dtype("f8"))
    ready, widths = prepared(node, params), {"x": 2, "push": 1}
    _, groups = ready._side_by_side(start, np.dtype("f8"), widths, lengths)
    found = [sorted(lengths[group].tolist()) for group in groups]
    assert found == [[*range(35, 51)], [*range(19, 35)], [*range(3, 19)], [1, 2]]
