"""Where it is that a step cannot be compiled: in what its author wrote, not in who runs it."""

import re
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import PlainStepWarning
from nodegraph.maths import power, where

X = np.ones((3, 1))


class Small(ng.Node):
    """A state of whole numbers that end at other places."""

    class State(NamedTuple):
        n: ng.Array

    def start(self, n_out):
        return self.State(np.zeros(n_out, np.int32))

    def step(self, params, state, x):  # of Small
        return self.State(state.n + 1), x + state.n


class Number(Small):
    """A state that is no array."""

    def start(self, n_out):
        return self.State(0)

    def step(self, params, state, x):  # of Number
        return self.State(state.n + 1), x + state.n


class Determined(ng.Node):
    """A function that is not known."""

    def step(self, params, state, x):
        return state, x * np.linalg.det(np.outer(x, x) + 1)


def line(text):
    """Return the number of the line of this file that has a text first."""
    with open(__file__, encoding="utf-8") as file:
        return next(i for i, row in enumerate(file, 1) if text in row)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (Small, "# of Small", r": whole numbers of int32 are not compiled"),
        (Number, "# of Number", r": n is no array, and changes"),
        (Determined, "np.linalg.det(", r", return .*: np.linalg.det is not known to compiled st"),
    ],
)
def test_the_place_is_that_of_the_step(kind, text, why):
    with pytest.warns(PlainStepWarning, match=rf"test_untraced.py:{line(text)}({why})"):
        ng.Model(kind(), seed=1).run(X)


windows = np.lib.stride_tricks.sliding_window_view

CURED = [
    (lambda x: np.cbrt(x), "write np.sign(x) * power(np.abs(x), 1 / 3)"),
    (lambda x: np.kron(x[:2], x), "write (a[:, None] * b).ravel()"),
    (lambda x: windows(x, 2), "write x[np.arange(n)[:, None] + np.arange(k)]"),
    (lambda x: np.nanmax(x) * x, "put numbers for NaN first, by where(x == x, x, ..)"),
    (lambda x: np.r_[x, x[:1]], "write np.concatenate([a, b]) or np.stack([a, b], axis=1)"),
    (lambda x: np.c_[x, x], "write np.concatenate([a, b]) or np.stack([a, b], axis=1)"),
]
CURES = [
    lambda x: np.sign(x) * power(np.abs(x), 1 / 3),
    lambda x: (x[:2][:, None] * x).ravel(),
    lambda x: x[np.arange(2)[:, None] + np.arange(2)],
    lambda x: where(x == x, x, -np.inf).max() * x,
    lambda x: np.concatenate([x, x[:1]]),
    lambda x: np.stack([x, x], axis=1),
]


def applied(function):
    class Applies(ng.Node):
        def size(self, n_in):
            return np.size(function(np.ones(n_in)))

        def step(self, params, state, x):
            return state, function(x).ravel() * 1.0

    return Applies()


@pytest.mark.parametrize("at", range(len(CURES)))
def test_what_to_write_instead_is_compiled_and_the_same(at, recwarn):
    function, sentence = CURED[at]
    xs = np.array([[-8.0, 0.5, 27.0], [1.0, -0.25, 0.0]])
    cured = ng.Model(applied(CURES[at]), seed=1).run(xs)
    assert not recwarn.list
    np.testing.assert_allclose(cured, [function(x).ravel() for x in xs], rtol=1e-14)
    with pytest.warns(PlainStepWarning, match=re.escape(f"; {sentence}; or say so")):
        np.testing.assert_allclose(ng.Model(applied(function), seed=1).run(xs), cured, rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: np.abs(np.fft.rfft(x)), r"np\.fft\.rfft is not .*matrix of the transform"),
        (lambda x: np.gradient(x), r"np\.gradient is not known .*; write it out with operators"),
        (lambda x: np.modf(x)[0], r"modf is not known .*; write it out with operators"),
    ],
)
def test_whatever_is_not_known_is_told_by_its_whole_name_with_a_cure(function, said):
    with pytest.warns(PlainStepWarning, match=said):
        ng.Model(applied(function), seed=1).run(np.ones((2, 3)))


def test_a_memory_that_is_no_array_is_told_of_the_rule():
    class Remembers(ng.Rule):
        online: ClassVar[bool] = True
        supervised: ClassVar[bool] = False
        modifies: ClassVar[tuple[str, ...]] = ("b",)

        def begin(self, params):
            return {"n": 0}

        def update(self, params, memory, seen):
            return params._replace(b=params.b + memory["n"]), {"n": memory["n"] + 1}

    class Biased(ng.Node):
        class Params(NamedTuple):
            b: ng.Array

        rule: ng.Rule = Remembers()

        def init(self, rng, n_in, n_out):
            return self.Params(np.zeros(n_out))

        def step(self, params, state, x):
            return state, x + params.b

    model = ng.Model(Biased(), seed=1)
    with pytest.warns(PlainStepWarning, match=r"Remembers.update .*: memory is a dict, no array; "):
        y = model.partial_fit(np.zeros((5, 1)))
    np.testing.assert_array_equal(y[:, 0], [0, 0, 1, 3, 6])
