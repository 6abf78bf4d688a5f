"""Two steps have one text only if they are the same in all that their code can depend on."""

import itertools

import numpy as np
import pytest
from small_steps import STEPS, made

from nodegraph import maths as m
from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.ir import Trace
from nodegraph.compiling.planning.storage import finals_of
from nodegraph.compiling.recipe import graph_text
from nodegraph.engines.compiled.tracing import Writer


def text_of(build, io=(("y", 0), ("x", 1)), dtype="f8"):
    trace = Trace()
    with trace:
        outputs = build(trace)
    return graph_text(trace, finals_of(trace, outputs), dict(io), dtype)


def step(function, n=3, dtype=float):
    """Return the text of a step of two vectors, each of which is given anew."""

    def build(trace):
        a, b = (symbol(trace, ("s", name), (n,), dtype) for name in "ab")
        y, new_a, new_b = function(a, b)
        return {"y": y, ("s", "a"): new_a, ("s", "b"): new_b}

    return text_of(build)


def unlike_each_other():
    yield step(lambda a, b: (a + b, a, b))
    yield step(lambda a, b: (b + a, a, b))
    yield step(lambda a, b: (a - b, a, b))
    yield step(lambda a, b: (a + b, b, a))
    yield step(lambda a, b: (a + b, a * 2, b))
    yield step(lambda a, b: (a + b, a, b * 2))
    yield step(lambda a, b: (a + b, a * 3, b))
    yield step(lambda a, b: (a + b, a * -0.0, b))
    yield step(lambda a, b: (a + b, a * 0.0, b))
    yield step(lambda a, b: (a + b, a, b), n=4)
    yield step(lambda a, b: (a + b, a, b), dtype=np.float32)
    yield step(lambda a, b: (a[::-1] + b, a, b))
    yield step(lambda a, b: (a[1:] + b[1:], a, b))
    yield step(lambda a, b: (a[:-1] + b[1:], a, b))
    yield step(lambda a, b: (m.cond(a[0] > 0, lambda v: v + b, a), a, b))
    yield step(lambda a, b: (m.cond(a[0] > 0, lambda v: v, a + b), a, b))
    yield step(lambda a, b: (m.repeat(2, lambda v: v + b, a), a, b))
    yield step(lambda a, b: (m.repeat(3, lambda v: v + b, a), a, b))
    yield step(lambda a, b: (m.repeat(3, lambda v: v + 1, a), a, b))
    yield step(lambda a, b: (m.repeat(3, lambda v: m.cond(v[0] > 0, lambda u: u + b, v), a), a, b))
    yield step(lambda a, b: (m.cond(a[0] > 0, lambda u: m.repeat(3, lambda v: v + b, u), a), a, b))
    yield step(lambda a, b: (a + np.arange(3.0), a, b))
    yield step(lambda a, b: (a + np.arange(3), a, b))


def test_steps_that_differ_have_different_texts_and_the_same_step_has_one():
    texts = [*unlike_each_other()]
    assert len(set(texts)) == len(texts)
    assert texts == [*unlike_each_other()]


def test_rows_at_other_places_and_another_precision_are_told_apart():
    def build(trace):
        x = symbol(trace, "x", (2,), float)
        return {"y": x * 2}

    texts = {
        text_of(build),
        text_of(build, io=(("y", 1), ("x", 0))),
        text_of(build, dtype="f4"),
    }
    assert len(texts) == 3


def test_numbers_of_a_captured_array_are_no_part_of_it():
    one, other = (step(lambda a, b, n=n: (a + np.arange(3.0) * n, a, b)) for n in (1, 2))
    assert one == other


def test_axes_that_are_one_and_those_that_only_have_one_length_are_told_apart():
    def build(trace, joined):
        a, b = (symbol(trace, ("s", name), (3,), float) for name in "ab")
        if joined:
            a.op.dims[0].same(b.op.dims[0])
        return {"y": np.concatenate([a, b])}

    one, other = (text_of(lambda trace, j=j: build(trace, j)) for j in (True, False))
    assert one != other


@pytest.mark.parametrize("kind", STEPS)
def test_each_operation_has_words(kind):
    node, params, state = made(kind, np.float64)
    build = Writer(node, params, state, {"x": 3}, np.dtype(float))
    assert text_of(build) == text_of(build)


def test_small_steps_differ_in_pairs():
    texts = []
    for kind in STEPS:
        node, params, state = made(kind, np.float64)
        texts.append(text_of(Writer(node, params, state, {"x": 3}, np.dtype(float))))
    assert all(one != other for one, other in itertools.combinations(texts, 2))


def test_what_has_no_words_is_refused():
    def build(trace):
        x = symbol(trace, "x", (2,), float)
        y = x * 2
        y.op.attrs = (object(),)
        return {"y": y}

    with pytest.raises(TypeError):
        text_of(build)
