"""The contract of a rule fails on something that breaks it."""

from typing import ClassVar

import numpy as np
import pytest

from nodegraph.testing import check_rule
from nodegraph.testing.zoo import Follow, Mix
from nodes import Scaler
from nodes.rules import Scaling


class Sly(Follow):
    """Says that it changes nothing.

    Parameters
    ----------
    rate : float
    """

    modifies: ClassVar[tuple[str, ...]] = ()


class Deaf(Follow):
    """Learns from rows that are left out.

    Parameters
    ----------
    rate : float
    """

    def learn(self, node, params, state, memory, lesson):
        every = lesson._replace(rows=np.ones_like(lesson.rows))
        return super().learn(node, params, state, memory, every)


class Quick(Follow):
    """Learns something else than it says.

    Parameters
    ----------
    rate : float
    """

    def learn(self, node, params, state, memory, lesson):
        learned = super().learn(node, params, state, memory, lesson)
        return learned._replace(params=learned.params._replace(W=learned.params.W * 1.01))


def test_a_good_rule_passes():
    check_rule(Follow(), Mix())


@pytest.mark.parametrize("rule", [Sly, Deaf, Quick])
def test_a_rule_that_breaks_the_contract_fails(rule):
    with pytest.raises(AssertionError):
        check_rule(rule(), Mix())


class Forgetful(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        return one


class Turned(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        return super().merge(one, other)._replace(first=other.first)


class Greedy(Scaling):
    __doc__ = Scaling.__doc__

    def merge(self, one, other):
        one.sums[:] += 1
        return super().merge(one, other)


class Eager(Scaling):
    __doc__ = Scaling.__doc__

    def begin(self, params):
        return super().begin(params)._replace(n=1)


@pytest.mark.parametrize(
    "rule, message",
    [
        (Forgetful, "merged differ"),
        (Turned, "merged differ"),
        (Greedy, "merge changed what it was given"),
        (Eager, "merged differ"),
    ],
)
def test_a_wrong_merge_is_found(rule, message):
    with pytest.raises(AssertionError, match=message):
        check_rule(rule(kind="z-score"), Scaler())
    check_rule(Scaling(kind="z-score"), Scaler())


class Unsaid(Scaling):
    __doc__ = Scaling.__doc__
    modifies = ("scale",)


def test_a_rule_that_changes_more_than_it_says_when_it_finishes_is_found():
    with pytest.raises(AssertionError, match=r"changes .'offset'. unsaid"):
        check_rule(Unsaid(), Scaler())


class LearnsElse(Follow):
    """Learns something else in loops.

    Parameters
    ----------
    rate : float
    """

    def step_code(self, node, params, state, memory, dtype, widths):
        other = Follow(rate=2 * self.rate)
        return other.step_code(node, params, state, memory, dtype, widths)


def test_a_wrong_compiled_lesson_is_found():
    with pytest.raises(AssertionError, match="step_code and learn give other"):
        check_rule(LearnsElse(), Mix())


class Doubting(Follow):
    """Asks for a number.

    Parameters
    ----------
    rate : float
    """

    def update(self, params, memory, seen):
        return super().update(params, memory, seen) if seen.x[0] > 0 else (params, memory)


class Resigned(Doubting):
    """Asks for a number, and says so.

    Parameters
    ----------
    rate : float
    """

    traced: ClassVar[bool] = False


def test_an_update_that_cannot_be_compiled_fails_unless_it_says_so():
    with pytest.raises(AssertionError, match=r"Doubting.update runs through Python"):
        check_rule(Doubting(), Mix())
    check_rule(Resigned(), Mix())
