"""Whether readouts learn all at once, or one after the other because they would not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from nodegraph.data.binding import BoundData
from nodegraph.engines import LOCAL
from nodegraph.engines.slot import Slot
from nodegraph.errors import FieldError, warn
from nodegraph.graph.protocols import Weighed
from nodegraph.host import memory_budget as budget
from nodegraph.model.fit import Fit
from nodegraph.model.foresight import Foresight, foresee, teams_of
from nodegraph.model.stages import Stage

__all__ = ["Order", "checked_order", "ordered"]

Order = Literal["all at once", "one by one"]
Slots = dict[str, Slot]
MANY = 1 << 28  # bytes from which on it matters what is free


def checked_order(order: object) -> Order | None:
    """Return in which order readouts are to learn; None: as they fit."""
    if order is None or order in get_args(Order):
        return order  # type: ignore[return-value]
    words = " or ".join(map(repr, get_args(Order)))
    raise FieldError(f"order: expected {words}, got {order!r}; leave it out to have it chosen")


def ordered(course: Fit, order: Order | None, slots: Slots, bound: BoundData) -> Fit:
    """Return the course in an order that fits in memory.

    Raises
    ------
    BudgetError
        If it would not fit in any, or not in that one, with what takes how much.
    """
    if order == "one by one":
        course = _one_by_one(course, slots, bound)
    whole = foresee(course, slots, bound) if course.engine is LOCAL else None
    if whole is None or whole.bytes < MANY or whole.bytes <= budget.available_bytes():
        return course
    if order is None:
        apart = _one_by_one(course, slots, bound)
        found = foresee(apart, slots, bound)
        if found is not None and found.bytes <= budget.available_bytes():
            _say(whole, found)
            return apart
        whole = found or whole
    budget.check(whole.parts, "what is learned from")
    return course


def _one_by_one(course: Fit, slots: Slots, bound: BoundData) -> Fit:
    groups = {stage.learners: _groups(course, stage, slots, bound) for stage in course.stages}
    return replace(course, groups=groups)


def _groups(
    course: Fit, stage: Stage, slots: Slots, bound: BoundData
) -> tuple[tuple[str, ...], ...]:
    """Return the learners of a stage: first those that hold little, then one team at a time."""
    apart = [
        team.names
        for team in teams_of(course, stage, slots, bound)
        if isinstance(course.plan.rules[team.names[0]], Weighed) and _is_free(stage, team.names)
    ]
    alone = {name for names in apart for name in names}
    rest = tuple(name for name in stage.learners if name not in alone)
    return (*([rest] if rest else []), *apart)


def _is_free(stage: Stage, names: tuple[str, ...]) -> bool:
    """Tell whether some learners hear of no other one of their stage."""
    needed = set(stage.plan.rewired(stage.plan.reads, names).reads)
    return needed.isdisjoint(set(stage.learners) - set(names))


def _say(whole: Foresight, found: Foresight) -> None:
    sizes = (whole.bytes, budget.available_bytes(), found.bytes)
    needed, free, less = map(budget.format_bytes, sizes)
    warn(
        f"readouts learn one after the other, for which {less} are enough: all at once they would "
        f'need {needed}, and {free} are free. Write order="one by one" to ask for that; what they '
        "learned from is let go, so that update needs a fit on all data first"
    )
