"""Loops that are written once have the same bits as written out, also in lanes and lessons."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from all_ways import XS, assert_same, plan_and_code, run_in_all_ways

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.compiling.planning.items import Block
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.errors import ContractError, PlainStepWarning
from nodegraph.graph.lesson import Lesson
from nodegraph.testing import run_node, teach

N = 5
DRAWN = np.random.default_rng(0).standard_normal
PARAMS = DRAWN((N, N)) / 3, DRAWN((N, 3))
STATE = np.linspace(-1, 1, N), np.eye(N) / 2, np.array(2)


def written_out(n, body, carry):
    for _ in range(n):
        carry = body(carry)
    return carry


def settles(again, W, drive, v, M, k):
    size = m.total(np.abs(W), axis=1)  # the same at each turn
    return again(7, lambda v: m.tanh(m.matvec(W, v) + drive) * size, v), M, k


def fibonacci(again, W, drive, v, M, k):
    v, w = again(5, lambda c: (c[1], 0.3 * c[0] + c[1] + drive), (v, drive))
    return v + w, M, k


def rows_at_a_place_that_moves(again, W, drive, v, M, k):
    def row(c):
        M, i = c
        M = M.copy()
        M[i] = m.tanh(m.matvec(M, drive)) + M[i - 1]
        return M, (i + 1) % N

    M, k = again(8, row, (M, k % N))
    return M[k] + m.matvec(M, v), M, k


def loops_in_loops(again, W, drive, v, M, k):
    def outer(c):
        v, M = c
        w = again(3, lambda w: m.tanh(m.matvec(M, w) + v), drive)
        v = m.cond(m.total(w) > 0, lambda u: u + w, v)
        return v, M * 0.9 + m.outer(w, v) * 0.01

    v, M = again(4, outer, (v * 0.5, M))
    return v, M, k


def numbers(again, W, drive, v, M, k):
    one, zero = drive[0] * 0 + 1, drive[0] * 0
    s, n = again(6, lambda c: (np.sqrt(c[0] * c[0] + drive[1] ** 2) * 0.5, c[1] + 1), (one, zero))
    return drive * s + n, M, k


def under_a_condition(again, W, drive, v, M, k):
    return m.cond(drive[0] > 0, lambda v: again(3, lambda v: m.tanh(v + drive), v), v), M, k


def turned(again, W, drive, v, M, k):
    return again(5, lambda v: v[::-1] * 0.5 + drive, v), M, k


def reads_the_state(again, W, drive, v, M, k):
    return again(4, lambda w: 0.5 * w + m.matvec(W, v) * 0.1 + v[::-1], v), M, k


def returns_what_it_did_not_make(again, W, drive, v, M, k):
    v, w = again(4, lambda c: (drive, c[0] + drive * 2), (v, v))
    return v + w, M, k


def swaps(again, W, drive, v, M, k):
    v, w = again(3, lambda c: (c[1], c[0]), (v, drive))
    return v * 0.5 + w * 0.25, M, k


BODIES = [
    settles, fibonacci, rows_at_a_place_that_moves, loops_in_loops, numbers, under_a_condition,
    turned, reads_the_state, returns_what_it_did_not_make, swaps,
]  # fmt: skip


def step_of(body, again):
    def step(params, state, x):
        W, U = params
        v, M, k = body(again, W, m.tanh(m.matvec(U, x)), *state)
        return (v, M, k + 1), v * 1.0

    return step


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_a_loop_has_the_bits_of_its_turns_written_out(body, dtype):
    looped = run_in_all_ways(step_of(body, m.repeat), STATE, PARAMS, dtype)
    assert_same(run_in_all_ways(step_of(body, written_out), STATE, PARAMS, dtype), looped)


def test_more_turns_are_no_more_code():
    def text(n):
        def step(params, state, x):
            return state, m.repeat(n, lambda v: m.tanh(v + x), state[0])

        return plan_and_code(step, (np.ones(3),))[1].text

    assert text(3) == text(1000)


def test_what_is_the_same_at_each_turn_is_done_before_the_loop():
    plan, _ = plan_and_code(step_of(settles, m.repeat), STATE, PARAMS)
    items = [item for group in plan.groups for item in group.items]
    (loop,) = [item for item in items if isinstance(item, Block)]
    assert not [op for op in loop.body.ops if op.kind == "reduce"]


@pytest.mark.parametrize(
    "body", [lambda v: v.astype(np.float32), lambda v: v[:2], lambda v: v[None]]
)
def test_a_turn_keeps_shape_and_dtype(body):
    with pytest.raises(TypeError, match="repeat's body made"):
        m.repeat(3, body, np.ones(3))


def test_no_turn_leaves_things_as_they_are():
    v = np.ones(3)
    assert m.repeat(0, lambda v: v * 2, v) is v


class Weights(NamedTuple):
    W: Any
    U: Any


class Leaky(ng.Node):
    """Something to learn in."""

    units: int = N

    def init(self, rng, n_in, n_out):
        return Weights(*PARAMS)

    def start(self, n_out):
        return (np.zeros(N),)

    def step(self, params, state, x):
        v = m.tanh(m.matvec(params.W, state[0]) + m.matvec(params.U, x))
        return (v,), v * 1.0


class Settling(ng.Rule):
    """Weights move along a direction that a loop settles on."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)
    out: bool = False

    def begin(self, params):
        return (np.zeros(len(params.W)),)

    def update(self, params, memory, seen):
        def turn(c):
            W, e = c
            e = 0.5 * e + seen.y - m.matvec(W, e)
            return W + 0.01 * m.outer(e, e), e

        W, e = (written_out if self.out else m.repeat)(4, turn, (params.W, memory[0]))
        return params._replace(W=W), (e,)


def learned(rule, learn):
    node, lesson = Leaky(), Lesson({"x": XS}, None, np.arange(len(XS)) % 3 > 0)
    params = ng.arrays.copy_tree(node.init(None, 3, N))
    found = learn(rule, node, params, node.start(N), rule.begin(params), lesson)
    return tuple(found.params), found.state, found.memory, found.ys


def test_an_update_with_a_loop_learns_the_same_as_written_out():
    looped = learned(Settling(), teach)
    assert_same(learned(Settling(out=True), teach), looped)
    assert_same(learned(Settling(), learn_by_step), looped)
    assert not np.array_equal(looped[0][0], PARAMS[0])


def test_what_is_made_in_a_loop_stays_there():
    class Leaks(Leaky):
        def step(self, params, state, x):
            kept = []
            v = m.repeat(3, lambda v: kept.append(v * 2) or v * 0.5, state[0])
            return (v,), v + kept[-1]

    node = Leaks()
    with pytest.warns(PlainStepWarning, match="let the function return it"):
        run_node(node, node.init(None, 3, N), node.start(N), XS)


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (lambda v: m.repeat(3, lambda v, k: (v, k), v, 0), r"write repeat\(n, body, \(v, k\)\)"),
        (
            lambda v: m.repeat(3, lambda c: (*c, v), (v,)),
            r"takes 1 arrays and returns 2 \(test_rep",
        ),
    ],
)
def test_a_loop_that_carries_more_than_one_thing_is_refused_in_a_sentence(turns, words):
    class Loops(Leaky):
        def step(self, params, state, x):
            turns(state[0])
            return state, x.sum() + state[0]

    with pytest.raises(ContractError, match=words):
        turns(np.zeros(2))
    node = Loops()
    with pytest.raises(ContractError, match=words):
        run_node(node, node.init(None, 3, N), node.start(N), XS)
