"""Where it is that a step cannot be compiled: in what its author wrote, not in who runs it."""

from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import PlainStepWarning

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
