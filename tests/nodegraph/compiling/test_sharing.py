"""Loops that are the same but for what they read and write are one function, in all steps."""

import numpy as np
import pytest
from all_ways import plan_and_code, run_in_all_ways

from nodegraph import maths as m
from nodegraph.compiling.emission.builder import Builder
from nodegraph.compiling.ir import Dim


def adam(weights, moments, gradients, rate):
    """Return weights and moments after a step that each array takes by itself."""
    moments = [0.9 * v + 0.1 * g for v, g in zip(moments, gradients, strict=True)]
    pairs = zip(weights, moments, strict=True)
    return [w - rate * v / (1 + abs(v)) for w, v in pairs], moments


def learns(params, state, x):
    """Change two matrices of unlike shapes, at unlike rates, and two vectors."""
    W, V, w, v, *moments = state
    gradients = m.outer(m.tanh(w), x), m.outer(m.tanh(v), x), w * 2, v * 2
    one, two = adam((W, w), moments[:2], gradients[::2], 0.5)
    three, four = adam((V, v), moments[2:], gradients[1::2], 0.25)
    return (one[0], three[0], one[1], three[1], *two, *four), W[0] + V[0]


def state_of(few, many, width, dtype):
    rng = np.random.default_rng(0)
    shapes = [(few, width), (many, width), (few,), (many,)]
    parts = [shapes[k] for k in (0, 1, 2, 3, 0, 2, 1, 3)]
    return tuple(rng.standard_normal(shape).astype(dtype) for shape in parts)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_each_call_has_its_own_arrays_sizes_and_numbers(dtype):
    run_in_all_ways(learns, state_of(5, 19, 3, dtype), (), dtype)


def loops_of(*step):
    """Return the step's module, and by name those of the loops that it calls."""
    code = plan_and_code(*step)[1]
    return code.text, {name: text for name, text in code.linked.items() if name[:5] == "loop_"}


def test_what_is_alike_is_written_once():
    text, loops = loops_of(learns, state_of(5, 19, 3, float), ())
    calls = {name: text.count(f"call void @{name}(") for name in loops}
    assert [*calls.values()] == [2, 2, 2]  # of vectors, of the moments of matrices, of matrices


def test_steps_that_differ_elsewhere_share_long_loops():
    def long(x):
        for _ in range(20):
            x = x * x + 0.5
        return x

    def step(params, state, x):
        return (state[0] * 2 + x,), long(x)[:2]

    def other(params, state, x):
        return (state[0] - 1, long(x)[:2]), state[0]

    (text, loops), (another, others) = (
        loops_of(step, (np.ones(3),)), loops_of(other, (np.ones(2), np.ones(2)))
    )  # fmt: skip
    assert text != another
    assert loops == others
    assert [body.count("fmul") for body in loops.values()] == [20]


def test_a_short_loop_that_is_there_once_stays_where_it_is():
    def step(params, state, x):
        return (state[0] * 2 + x,), m.tanh(x)[:2]

    text, loops = loops_of(step, (np.ones(3),))
    assert not loops and "fmul" in text


def test_a_loop_over_series_is_told_that_none_are_left_over():
    b = Builder({})
    with b.loop([b.size(Dim(16, many=True))], True) as ((place,), _):
        for _ in range(40):
            b.do(f"store i64 {place}, ptr {b.size(Dim(5))}")
    (loop,) = b.modules("f8")[1].values()
    assert "define void @NAME(i64 %v0, i64 %v" in loop
    assert "= and i64 %v0, -16" in loop
