"""A step or update that remembers something elsewhere than in its state runs through Python."""

import itertools
import random
import warnings
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import PlainStepWarning

CALLS = [0]
TABLE = np.array([2.0])
MADE: dict[int, Any] = {}
number = 0


class Box:
    """Something that is changed from within a step."""

    n = 0


BOX = Box()
COUNT = itertools.count()


def called():
    CALLS[0] += 1
    return CALLS[0]


class Counting(ng.Node):
    """Doubles its input from the 500th call on."""

    def calls(self):
        return called()

    def step(self, params, state, x):
        return state, x * (2.0 if self.calls() >= 500 else 1.0)


class ByGlobal(Counting):
    def calls(self):
        global number
        number += 1
        return number


class ByBox(Counting):
    def calls(self):
        BOX.n += 1
        return BOX.n


class ByClass(Counting):
    def calls(self):
        Box.n += 1
        return Box.n


class ByIterator(Counting):
    def calls(self):
        return next(COUNT) + 1


class BySelf(Counting):
    def calls(self):
        self.__dict__.setdefault("_calls", []).append(1)
        return len(self.__dict__["_calls"])


class ByPrivate(Counting):
    _n: int = 0

    def calls(self):
        self._n += 1
        return self._n


class ByDefault(Counting):
    def calls(self, counted={}):  # noqa: B006
        counted["n"] = counted.get("n", 0) + 1
        return counted["n"]


class ByClosure(Counting):
    def calls(self):
        return counter()


def counting():
    n = 0

    def one_more():
        nonlocal n
        n += 1
        return n

    return one_more


counter = counting()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Counting, "CALLS"),
        (ByGlobal, "number"),
        (ByBox, "BOX"),
        (ByClass, "Box.n"),
        (ByIterator, "COUNT"),
        (BySelf, "self._calls"),
        (ByPrivate, "self._n"),
        (ByDefault, "counted"),
        (ByClosure, "n"),
    ],
)
def test_a_step_that_counts_outside_of_its_state_does_what_it_says(kind, name):
    CALLS[0] = 0
    model = ng.Model(kind(name="n"), seed=1)
    with pytest.warns(PlainStepWarning, match=rf"changes {name} as it runs, outside of the state"):
        first = model.run(np.ones((1, 1)))
    assert first.item() == 1.0
    y = model.run(np.ones((700, 1)))[:, 0]  # some calls were tried before
    begin = int(np.argmax(y == 2.0))
    assert 480 < begin < 500
    np.testing.assert_array_equal(y, np.where(np.arange(700) < begin, 1.0, 2.0))


def test_a_rare_draw_is_told():
    class Rare(ng.Node):
        def step(self, params, state, x):
            return state, x * (2.0 if random.random() < 1e-12 else 1.0)

    with pytest.warns(PlainStepWarning, match=r"test_outside.py:\d+, .*it draws random numbers"):
        ng.Model(Rare()).run(np.ones((1, 1)))


def test_a_rule_that_counts_outside_of_its_memory_does_what_it_says():
    class Slower(ng.Rule):
        online: ClassVar[bool] = True
        supervised: ClassVar[bool] = False
        modifies: ClassVar[tuple[str, ...]] = ("b",)

        def update(self, params, memory, seen):
            return params._replace(b=params.b + (1.0 if called() < 100 else 0.0)), memory

    class Biased(ng.Node):
        class Params(NamedTuple):
            b: ng.Array

        rule: ng.Rule = Slower()

        def init(self, rng, n_in, n_out):
            return self.Params(np.zeros(n_out))

        def step(self, params, state, x):
            return state, x + params.b

    CALLS[0] = 0
    model = ng.Model(Biased(name="n"), seed=1)
    with pytest.warns(PlainStepWarning, match="Slower.update .* changes CALLS as it runs"):
        model.partial_fit(np.zeros((1, 1)))
    CALLS[0] = 0
    np.testing.assert_array_equal(
        model.partial_fit(np.zeros((300, 1)))[:, 0], 1.0 + np.minimum(np.arange(300), 99)
    )


class Named(type):
    """A class of classes, as numpy's own of dtypes is."""


class Doubling(metaclass=Named):
    by = 2.0


KINDS = [Doubling]


def test_constants_and_what_is_made_once_are_compiled():
    class Fixed(ng.Node):
        def step(self, params, state, x):
            if len(x) not in MADE:
                MADE[len(x)] = np.arange(len(x)) + 1.0
            return state, x * TABLE * MADE[len(x)] + len(CALLS) + 0 * KINDS[0].by

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = ng.Model(Fixed()).run(np.ones((5, 1)))
    np.testing.assert_array_equal(y, np.full((5, 1), 3.0))
