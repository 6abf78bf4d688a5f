"""What shares a loop, what is kept, and what is worked out again."""

import numpy as np
from all_ways import buffers_of, plan_and_code, run_in_all_ways

from nodegraph import maths as m

A, B = np.array([1.0, -2.0, 0.5]), np.array([0.25, 3.0, -1.0])
W = np.arange(9.0).reshape(3, 3) / 9


def kinds(step, state, params=()):
    """Return the kinds of operations in each group of a plan."""
    plan, _ = plan_and_code(step, state, params)
    return [[getattr(item.op, "kind", "") for item in group.items] for group in plan.groups]


def test_elementwise_work_over_the_same_axes_is_one_loop():
    def step(params, state, x):
        a, b = state
        return (m.tanh(a + x), b * 0.5 + x), a * b

    assert kinds(step, (A, B)) == [["elem"] * 3]
    run_in_all_ways(step, (A, B))


def test_a_product_parts_what_comes_before_from_what_comes_after():
    def step(params, state, x):
        (v,) = state
        drive = m.tanh(v + x)
        return (m.matvec(params[0], drive) + x,), drive * 2

    assert kinds(step, (A,), (W,)) == [["elem", "elem"], ["contract"], ["elem"]]
    run_in_all_ways(step, (A,), (W,))


def test_products_of_one_state_come_before_what_is_made_of_either():
    def step(params, state, x):
        (v,) = state
        for _ in range(2):
            gate = m.sigmoid(m.matvec(params[0], v) + x)
            v = gate * v + (1 - gate) * m.tanh(m.matvec(params[1], v) + x)
        return (v,), v * 1

    turn = [["contract"], ["contract"], ["elem", "elem"]]
    assert kinds(step, (A,), (W, W[::-1] * 1)) == [*turn, *turn[:2], ["elem"] * 3]
    run_in_all_ways(step, (A,), (W, W[::-1] * 1))


def test_what_is_dear_is_kept_and_what_is_cheap_is_worked_out_again():
    def twice(function):
        def step(params, state, x):
            row = function(x)
            return (row * 2,), row[::-1] * 0.5

        run_in_all_ways(step, (A,))
        plan, code = plan_and_code(step, (A,))
        return [store.shape for store in buffers_of(plan)], code.room

    assert twice(m.tanh) == ([(3,)], 576)  # 3 numbers and 64 behind them, in lines of 64 bytes
    assert twice(lambda x: x + 1) == ([], 0)


def test_numbers_that_are_the_same_for_a_whole_row_are_worked_out_once():
    def step(params, state, x):
        (v,) = state
        scale = 1 / (1 + v[0] * v[0])
        return (v * scale + x,), x * scale

    plan, code = plan_and_code(step, (A,))
    (number, *_) = [g.items[0].op for g in plan.groups]
    assert number.shape == ()
    assert code.text.count("fdiv") == 1
    run_in_all_ways(step, (A,))
