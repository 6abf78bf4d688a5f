from typing import ClassVar

import numpy as np
import pytest

from nodegraph.graph.lesson import Lesson
from nodegraph.graph.protocols import Gathers, Joint
from nodegraph.graph.rule import Seen
from nodes.parts.lone_learner import LoneLearner, RowLearner
from nodes.rules import (
    CrossEntropy,
    IntervalLeastSquares,
    LocalDescent,
    LocalError,
    SparseLeastSquares,
)


class Doubling(LoneLearner):
    """Twice what it gathered."""

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    def update(self, params, memory, seen):
        return params, memory

    def conclude_team(self, params, memory):
        return [(2 * memory + params[0], {})]


def test_it_is_a_team_of_one():
    rule = Doubling()
    assert rule.team is None and rule.join([3]) == 3 and rule.split(5, [1]) == [5]
    assert rule.finish(3, 5) == 13


@pytest.mark.parametrize("kind", [CrossEntropy, IntervalLeastSquares, SparseLeastSquares])
def test_rules_that_learn_one_readout_at_a_time_are_such(kind):
    assert issubclass(kind, LoneLearner) and issubclass(kind, Joint)


class Summing(RowLearner):
    """Sums of input times target."""

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    def added(self, memory, seen):
        memory += np.atleast_2d(seen.x).T @ np.atleast_2d(seen.target)
        return memory

    def conclude_team(self, params, memory):
        return [(memory, {})]


X, T = np.arange(6.0).reshape(3, 2), np.array([[1.0], [10.0], [100.0]])


def test_rows_are_added_to_a_copy_or_in_place():
    rule, memory = Summing(), np.zeros((2, 1))
    _, after = rule.update(None, memory, Seen(X, None, target=T))
    assert after.tolist() == (X.T @ T).tolist() and not memory.any()
    lesson = Lesson({"x": X}, T, np.array([True, False, True]))
    _, gathered = rule.gather(None, memory, lesson, X)
    assert gathered is memory and memory.ravel().tolist() == [400.0, 501.0]


def test_a_chunk_without_a_target_teaches_nothing():
    memory = np.zeros((2, 1))
    assert Summing().gather(None, memory, Lesson({"x": X}, None, np.ones(3, bool)), X)[1] is memory
    assert not memory.any()


@pytest.mark.parametrize("kind", [CrossEntropy, LocalDescent, LocalError])
def test_rules_that_add_rows_are_such(kind):
    assert issubclass(kind, RowLearner) and issubclass(kind, Gathers)
