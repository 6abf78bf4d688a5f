"""Loops that are the same but for what they read and write are one function."""

import numpy as np
import pytest
from all_ways import plan_and_code, run_in_all_ways

from nodegraph import maths as m


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


def test_what_is_alike_is_written_once():
    _, code = plan_and_code(learns, state_of(5, 19, 3, float), ())
    heads = [line for line in code.text.splitlines() if line.startswith("define internal void")]
    assert len(heads) == 3  # of vectors, of the moments of matrices, of matrices
    for name in ("loop0", "loop1", "loop2"):
        assert code.text.count(f"call void @{name}(") == 2


def test_a_loop_that_is_there_once_stays_where_it_is():
    def step(params, state, x):
        return (state[0] * 2 + x,), m.tanh(x)[:2]

    assert "define internal void" not in plan_and_code(step, (np.ones(3),))[1].text
