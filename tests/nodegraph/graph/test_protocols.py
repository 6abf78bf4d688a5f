"""Protocols are kept by having their methods, and a half of one is refused."""

import numpy as np
import pytest

from nodegraph.arrays import layout
from nodegraph.errors import ContractError
from nodegraph.graph import protocols
from nodegraph.graph.rule import Rule, conclude, merges, shortest
from nodegraph.testing.zoo import Follow, Mix
from nodes import Ridge
from nodes.rules import BCM, AttentivePrediction, LocalDescent, LocalError, Scaling

ALL = (
    "Deals",
    "Gathers",
    "Joint",
    "LooksBack",
    "Measured",
    "Passes",
    "PassesApart",
    "SecondLook",
    "Windowed",
)


class Sums(Rule):
    """The mean input."""

    online = False
    supervised = False
    modifies = ("W",)

    def begin(self, params):
        return 0.0, 0

    def update(self, params, memory, seen):
        return params, (memory[0] + seen.x.sum(), memory[1] + len(seen.x))

    def finish(self, params, memory):
        return memory[0] / memory[1]


class Adds(Sums):
    """The mean input, of parts as well."""

    def merge(self, one, other):
        return one[0] + other[0], one[1] + other[1]


@pytest.mark.parametrize(
    "rule, kept",
    [
        (Follow(), ()),
        (Scaling(), ()),
        (BCM(), ("Measured",)),
        (AttentivePrediction(), ("Windowed",)),
        (LocalError(), ("Deals", "Gathers", "Joint", "Passes", "PassesApart")),
        (LocalDescent(), ("Deals", "Gathers", "Joint", "LooksBack", "Passes")),
        (Ridge().rule, ("Deals", "Gathers", "Joint", "Passes", "SecondLook")),
    ],
)
def test_who_keeps_which(rule, kept):
    assert tuple(name for name in ALL if isinstance(rule, getattr(protocols, name))) == kept


def test_a_plain_rule_learns_alone_from_series_of_any_length():
    assert shortest(Follow(), Mix()) == 1
    assert shortest(AttentivePrediction(), Mix()) == 2
    assert conclude(Sums(), ["before"], (6.0, 4)) == [(1.5, {})]


def test_parts_of_a_second_look_are_gathered_as_it_is():
    rule, params = Ridge().rule, type("Weights", (), {"W_out": np.zeros((1, 3))})
    first, second = rule.memories(params)
    for memory, begun in ((None, first), (first, first), (second, second)):
        assert layout(protocols.begun_like(rule, params, memory)) == layout(begun)
    assert protocols.begun_like(Sums(), None, (3.0, 1)) == (0.0, 0)


def test_those_that_say_how_to_merge_can_be_merged():
    W_out = type("Weights", (), {"W_out": np.zeros((1, 3))})
    assert not merges(Sums(), None)
    assert merges(Adds(), None)
    assert merges(Ridge().rule, W_out)
    assert not merges(Ridge(solver="iterative").rule, W_out)


@pytest.mark.parametrize(
    "methods, said",
    [
        (("after_pass",), "Half.after_pass would not be called without merges"),
        (("join", "split"), "Half.join and split would not be called without team, conclude_team"),
        (("conclude",), "Half.conclude would not be called: write finish"),
    ],
)
def test_what_nobody_would_call_is_refused(methods, said):
    own = dict.fromkeys(methods, lambda self, *_: None)
    with pytest.raises(ContractError, match=said):
        type("Half", (Sums,), {**own, "__module__": __name__})
