from typing import ClassVar

import pytest

from nodegraph.graph.protocols import Joint
from nodes.parts.lone_learner import LoneLearner
from nodes.rules import CrossEntropy, IntervalLeastSquares, SparseLeastSquares


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
