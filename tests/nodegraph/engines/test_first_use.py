"""What a node or rule of one's own may return, and what is said of anything else."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ContractError
from nodegraph.testing.zoo import Follow, Mix
from nodes import Input, Ridge, Scaler
from nodes.rules import Scaling

U = np.sin(np.arange(60) / 5)[:, None]


class Leaky(ng.Node):
    """``x[t] = tanh(W u[t] + x[t-1])``."""

    class Params(NamedTuple):
        W: Any

    class State(NamedTuple):
        x: Any

    units: int = 3

    def init(self, rng, n_in, n_out):
        return self.Params(rng.normal(size=(n_out, n_in)))

    def start(self, n_out):
        return self.State(np.zeros(n_out))

    def step(self, params, state, x):
        y = np.tanh(params.W @ x + state.x)
        return self.answer(self.State(y), y.copy())

    def answer(self, state, y):
        return state, y


def made(answer, compiled=True):
    """Return a node whose `step` returns what `answer` makes of the right ``(state, y)``."""

    class Odd(Leaky):
        traced: ClassVar[bool] = compiled

        def answer(self, state, y):
            return answer(state, y)

    return Odd(name="odd")


PAIR = r"expected \(state, y\) with y of shape \(3,\)"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda s, y: None, f"Odd.step returned None; {PAIR}"),
        (lambda s, y: y, rf"returned a float64 array of shape \(3,\); {PAIR}"),
        (lambda s, y: s, rf"returned State\(x\); {PAIR}"),
        (lambda s, y: (s, y, y), f"returned a tuple of 3; {PAIR}"),
        (lambda s, y: (y, s), r"returned y as State\(x\); expected an array of shape \(3,\)"),
        (lambda s, y: (s, list(y)), r"returned y as a list; .* as np.array\(y\) makes it"),
        (lambda s, y: (s, 0.5), "returned y as a float; expected an array"),
        (lambda s, y: (s, np.append(y, 1)), r"returned y of shape \(4,\); expected \(3,\)"),
        (lambda s, y: (s, y[:1]), r"returned y of shape \(1,\); expected \(3,\)"),
        (lambda s, y: (s, y[None]), r"returned y of shape \(1, 3\); expected \(3,\)"),
        (lambda s, y: (s, y.astype("f")), "y of float32 in a model of float64; write y.astype"),
        (lambda s, y: (s, np.arange(3)), "y of int64 in a model of float64"),
        (lambda s, y: (s, y + 1j), "y of complex128 in a model of float64"),
        (lambda s, y: ((y,), y), r"of state than before: it is a tuple of 1, before State\(x\)"),
        (lambda s, y: (Leaky.State(y[:2]), y), r"x is a float64 array of shape \(2,\), before"),
        (lambda s, y: (Leaky.State(None), y), "x is None, before a float64 array"),
    ],
)
def test_a_step_that_returns_something_else_is_refused_with_what_was_expected(answer, message):
    with pytest.raises(ContractError, match=f"^odd: .*{message}"):
        ng.Model(Input() >> made(answer)).run(U)
    with pytest.raises(ContractError, match=f"^odd: .*{message}"):
        ng.Model(Input() >> made(answer) >> Ridge()).fit([U, U], [U, U])


def test_a_step_that_writes_into_its_state_or_input_is_refused():
    class Writer(Leaky):
        field: str

        def step(self, params, state, x):
            (state.x if self.field == "state" else x)[:] = 1
            return self.State(state.x + 1), state.x * 1

    for field in ("state", "input"):
        with pytest.raises(ContractError, match=r"Writer.step writes into an array that it was"):
            ng.Model(Input() >> Writer(field=field)).run(U)


def test_init_and_start_that_return_something_else_are_refused():
    class NoInit(Leaky):
        def init(self, rng, n_in, n_out):
            pass

    class NoStart(Leaky):
        def start(self, n_out):
            return np.zeros(n_out)

    class Lists(Leaky):
        def init(self, rng, n_in, n_out):
            return self.Params([[0.0]] * n_out)

    for node, message in (
        (NoInit(), r"no_init: NoInit.init returned None; .* return self.Params\(W\)"),
        (
            NoStart(),
            r"no_start: NoStart.start returned a float64 array of shape \(3,\); expected S",
        ),
        (Lists(), "lists: Lists.init returned W as a list; expected an array"),
    ):
        with pytest.raises(ContractError, match=message):
            ng.Model(Input() >> node).run(U)


def test_an_error_inside_a_step_keeps_its_kind_and_says_where_it_was():
    class Broken(Leaky):
        def step(self, params, state, x):
            return state, params.W @ np.ones(7)

    with pytest.raises(ValueError, match="matmul") as caught:
        ng.Model(Input() >> Broken()).run(U)
    assert caught.value.__notes__ == [
        "in broken: Broken.step, given x (1,)",
        "in node 'broken', chunk 0: steps 0 to 59",
    ]


def test_what_a_node_returns_for_a_block_is_looked_at_too():
    class Fast(Leaky):
        def run_block(self, params, state, xs):
            return state, np.zeros((len(xs), 4))

    with pytest.raises(
        ContractError,
        match=r"fast: Fast.run_block returned y of shape \(60, 4\); expected \(60,",
    ):
        ng.Model(Input() >> Fast()).run(U)


def test_looking_moves_nothing_and_is_done_once():
    seen = []
    node = made(lambda state, y: (seen.append(1), (state, y))[1], compiled=False)
    model = ng.Model(Input() >> node, seed=2)
    y = model.run(U)
    assert len(seen) == len(U) + 1
    model.run(U)
    model.run([U, U])
    assert len(seen) == 4 * len(U) + 1
    W, x = model.params["odd"].W, np.zeros(3)
    for row, u in zip(y, U, strict=True):
        x = np.tanh(W @ u + x)
        assert np.array_equal(row, x)


class Hebb(ng.Rule):
    """``dW = rate y x``; what it returns instead is for `answer` to say."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)
    answer: ClassVar[Any] = staticmethod(lambda params, memory: (params, memory))

    def update(self, params, memory, seen):
        assert np.ndim(seen.y) == 1
        W = params.W + 0.01 * np.outer(seen.y, seen.x)
        return type(self).answer(params._replace(W=W), memory)


def taught(reply):
    class Odd(Hebb):
        answer: ClassVar[Any] = staticmethod(reply)

    class Pupil(Leaky):
        rule: ng.Rule = Odd()

    return Input() >> Pupil(name="pupil")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (lambda p, m: None, r"update returned None; expected \(params, memory\)"),
        (lambda p, m: p, r"update returned Params\(W\); expected \(params, memory\)"),
        (lambda p, m: (p.W, m), r"other params than the node has: it is a float64 array of shape"),
        (lambda p, m: (p._replace(W=p.W[:2]), m), r"W is a float64 array of shape \(2, 1\), bef"),
        (lambda p, m: (p._replace(W=p.W.astype("f")), m), "W is a float32 array of shape"),
    ],
)
def test_an_update_that_returns_something_else_is_refused(reply, message):
    with pytest.raises(ContractError, match=f"^pupil: Odd.*{message}"):
        ng.Model(taught(reply)).partial_fit(U)
    with pytest.raises(ContractError, match=f"^pupil: Odd.*{message}"):
        ng.Model(taught(reply)).fit(U)


def test_a_rule_that_is_right_learns_as_written_out():
    model = ng.Model(taught(lambda params, memory: (params, memory)), seed=2)
    model.run(U[:1])
    W, x = model.reset().params["pupil"].W.copy(), np.zeros(3)
    model.partial_fit(U)
    for u in U:
        x = np.tanh(W @ u + x)
        W += 0.01 * np.outer(x, u)
    assert np.allclose(model.params["pupil"].W, W, rtol=1e-12)


class Mean(ng.Rule):
    """W is the mean input; it gathers sums."""

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)
    fault: str = ""

    def begin(self, params):
        return 0.0, 0

    def update(self, params, memory, seen):
        assert seen.x.ndim == 2
        return params, (memory[0] + seen.x.sum(), memory[1] + len(seen.x))

    def merge(self, one, other):
        return None if self.fault == "merge" else (one[0] + other[0], one[1] + other[1])

    def finish(self, params, memory):
        W = np.full_like(params.W, memory[0] / memory[1])
        return W if self.fault == "finish" else params._replace(W=W)


class Averaging(Leaky):
    """A node taught by `Mean`."""

    rule: ng.Rule


def test_merge_and_finish_are_looked_at():
    u = np.tile(U, (600, 1))  # long enough to be gathered apart

    def fitted(fault):
        return ng.Model(Input() >> Averaging(rule=Mean(fault=fault))).fit([u, u + 1])

    assert np.allclose(fitted("").params["averaging"].W, u.mean() + 0.5)
    with pytest.raises(ContractError, match=r"averaging: Mean.merge returned None; expected the m"):
        fitted("merge")
    with pytest.raises(ContractError, match=r"averaging: Mean.finish returned other params .* it "):
        fitted("finish")


def test_what_a_node_and_a_rule_are_given_is_read_only():
    class Late(Leaky):
        def step(self, params, state, x):
            if x[0] > 2:
                x[:] = 99
            return super().step(params, state, x)

    z = np.ones((100, 1))
    z[50] = 3
    before = z.copy()
    with pytest.raises(ValueError, match="read-only"):
        ng.Model(Input() >> Late()).run(z)
    with pytest.raises(ValueError, match="read-only"):
        ng.Model(Input() >> Late()).run([z, z])

    class Rude(Follow):
        def update(self, params, memory, seen):
            seen.x[:] = 0
            return params, memory

    class Forger(Follow):
        def update(self, params, memory, seen):
            seen.target[:] = 0
            return params, memory

    with pytest.raises(ValueError, match="read-only"):
        ng.Model(Input() >> Mix(units=1, rule=Forger())).partial_fit(z, z)
    with pytest.raises(ValueError, match="read-only"):
        ng.Model(Input() >> Mix(units=1, rule=Rude())).partial_fit(z, z)
    np.testing.assert_array_equal(z, before)


def test_a_rule_that_changes_more_than_it_says_is_refused():
    class Sly(Follow):
        modifies = ()

    with pytest.raises(ContractError, match=r"Sly\.update changes W, which is not among"):
        ng.Model(Input() >> Mix(units=1, rule=Sly())).partial_fit(U + 2, U)


def test_a_rule_that_changes_more_than_it_says_is_refused_wherever_it_does_so():
    class Late(Scaling):
        modifies = ("scale",)

    class Quick(Follow):
        modifies = ()

    class Sized(Scaler):
        @property
        def rule(self):
            return Late()

    for x in (U, [U, U]):
        with pytest.raises(ContractError, match=r"Late\.finish changes offset, which is not among"):
            ng.Model(Sized(name="s")).fit(x)
    with pytest.raises(ContractError, match=r"Quick\.update changes W, which is not among"):
        ng.Model(Input() >> Mix(units=1, rule=Quick())).partial_fit(U + 2, U)


def test_a_step_that_writes_into_its_params_is_refused():
    class Grows(ng.Node):
        class Params(NamedTuple):
            W: np.ndarray

        units: int = 2

        def init(self, rng, n_in, n_out):
            return self.Params(np.ones((n_out, n_in)))

        def step(self, params, state, x):
            W = params.W
            W *= 1.01
            return state, W @ x

    model = ng.Model(Input() >> Grows(name="grows"))
    with pytest.raises(ContractError, match=r"grows: Grows\.step writes into an array that it was"):
        model.run(np.ones((5, 2)))


def test_a_field_that_is_assigned_to_is_told_with_what_to_write():
    class Assigns(Follow):
        def update(self, params, memory, seen):
            params.W = params.W + 1
            return params, memory

    words = r"mix: Assigns.update assigns to a field of a NamedTuple, .* params._replace\(W=W\)"
    with pytest.raises(ContractError, match=words):
        ng.Model(Input() >> Mix(units=1, rule=Assigns())).partial_fit(U, U)
