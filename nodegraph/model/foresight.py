"""What a fit will hold at its fullest moment, and the order of learning that fits in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

from nodegraph.arrays import is_sparse
from nodegraph.arrays import leaves as leaves_of
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import Group, group_rows
from nodegraph.engines.gathering import Leaf, leaves
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import FieldError, warn
from nodegraph.graph.protocols import Room, Weighed
from nodegraph.graph.rule import merges
from nodegraph.host import memory_budget as budget
from nodegraph.model.apart import abreast
from nodegraph.model.fit import Fit
from nodegraph.model.joint_readouts import find_joint
from nodegraph.model.kept_outputs import cut
from nodegraph.model.stages import Stage

__all__ = [
    "Foresight",
    "Order",
    "checked_order",
    "foresee",
    "ordered",
    "products",
]

Slots = dict[str, Slot]


class Foresight(NamedTuple):
    """Bytes at the fullest moment, by what they hold, and CPU seconds where they are known."""

    parts: dict[str, int]
    seconds: float | None = None

    @property
    def bytes(self) -> int:
        """All bytes together."""
        return sum(self.parts.values())


class _Team(NamedTuple):
    """Learners that share their sums: who, and how wide what they hear and give out is."""

    names: tuple[str, ...]
    n_in: int
    n_out: int


def foresee(course: Fit, slots: Slots, bound: BoundData) -> Foresight | None:
    """Return what a fit will take; None for streams, whose length nobody knows.

    Other engines hold some of it elsewhere; what is told is that of one process that does it all.
    """
    rows, dtype = total_steps(bound), course.initializer.dtype
    if rows is None:
        return None
    fixed = {"weights": sum(_numbers(slot.params) for slot in slots.values()) * dtype.itemsize}
    kept = course.kept(slots, bound)
    fixed |= {"kept outputs": kept.foreseen()} if course.engine is LOCAL else {}
    held, fullest = dict[str, int](), dict[str, int]()
    for number, whole in enumerate(course.stages):
        stage = replace(whole, plan=cut(whole.plan, whole.learners, kept.before(number)))
        parts = [] if bound.own else _leaves(stage, slots, bound)
        waits = bound.own or len(parts) == 1
        learning = held | _gathered(course, stage, slots, bound, rows)
        moments = [learning | _in_flight(course, stage, slots, bound, parts)]
        for team, room in _rooms(course, stage, slots, bound, rows):
            held |= {_label(team, "sums"): room.sums + room.waiting * bound.own}
            copies = room.solving + room.sums * waits  # with the rows that still wait
            moments.append(learning | held | {_label(team, "solving"): copies})
        fullest = max(fullest, *moments, key=lambda parts: sum(parts.values()))
        held = {} if course.one_by_one else held
    return Foresight({name: size for name, size in (fixed | fullest).items() if size})


def products(course: Fit, slots: Slots, bound: BoundData, rows: int) -> float:
    """Return the multiplications and additions of sums and solutions, over so many rows."""
    rooms = [r for one in course.stages for _, r in _rooms(course, one, slots, bound, rows)]
    return sum(room.row * rows + room.end for room in rooms)


def _teams_of(course: Fit, stage: Stage, slots: Slots, bound: BoundData) -> list[_Team]:
    """Return the learners of a stage, those together that learn as one."""
    sizes = widths(slots)
    joint = find_joint(stage, course.plan.rules, bound, sizes)
    together = {name: team.members for team in joint for name in team.members}
    groups = dict.fromkeys(together.get(name, (name,)) for name in stage.learners)
    return [
        _Team(names, slots[names[0]].ports.get("x", 0), sum(sizes[name] for name in names))
        for names in groups
    ]


def _rooms(
    course: Fit, stage: Stage, slots: Slots, bound: BoundData, rows: int
) -> Iterator[tuple[_Team, Room]]:
    """Yield the teams that know how much room so many rows take, with that."""
    for team in _teams_of(course, stage, slots, bound):
        rule, params = course.plan.rules[team.names[0]], slots[team.names[0]].params
        if isinstance(rule, Weighed) and merges(rule, params):
            itemsize = course.initializer.dtype.itemsize
            yield team, rule.room(team.n_in, team.n_out, rows, itemsize)


def _gathered(
    course: Fit, stage: Stage, slots: Slots, bound: BoundData, rows: int
) -> dict[str, int]:
    """Return the bytes of what the learners of a stage hold until they conclude."""
    return {
        _label(team, "sums"): room.sums for team, room in _rooms(course, stage, slots, bound, rows)
    }


def _leaves(stage: Stage, slots: Slots, bound: BoundData) -> list[Leaf]:
    """Return the groups in which independent series are learned from, as they become one sum."""
    sizes = widths(slots)
    most = group_rows(max(sizes[name] for name in stage.whole))
    return leaves([one for one in bound.series if isinstance(one, Series)], most)


def _in_flight(
    course: Fit, stage: Stage, slots: Slots, bound: BoundData, found: Sequence[Leaf]
) -> dict[str, int]:
    """Return the bytes of the rows that are on their way, and of what is gathered of them."""
    sizes, itemsize, n = widths(slots), course.initializer.dtype.itemsize, total_steps(bound) or 0
    made = [
        name for name, ports in stage.plan.reads.items() if ports and name not in stage.learners
    ]
    width = sum(sizes[name] for name in made)
    added = {
        "adding": max((r.adding for _, r in _rooms(course, stage, slots, bound, n)), default=0)
    }
    if bound.own:
        joined = max(slots[name].ports.get("x", 0) for name in stage.plan.reads)
        once = joined + max(sizes.values())
        return {"rows": stage.plan.chunk_rows(sizes) * (width + once) * itemsize} | added
    threads = min(abreast(course, stage, slots) or 1, len(found))
    longest = sorted((max(_rows(group) for group in leaf) for leaf in found), reverse=True)
    most = max(sum(_rows(group) for group in leaf) for leaf in found)
    rooms = [room for _, room in _rooms(course, stage, slots, bound, most)]
    heard = max((slots[name].ports.get("x", 0) for name in made), default=0)
    others = min(1 if threads == 1 else 3 * threads, len(found) - 1)
    return {
        "rows": (sum(longest[:threads]) * width + longest[0] * heard) * itemsize,
        "rows that wait": threads * sum(room.waiting for room in rooms),
        f"parts of {threads} worker{'s' * (threads > 1)}": others * sum(r.sums for r in rooms),
    } | added


def _rows(group: Group) -> int:
    return sum(one.n_steps for _, one in group if isinstance(one, Series))


def _numbers(params: Any) -> int:
    """Return how many numbers some arrays hold."""
    found = [leaf for _, leaf in leaves_of(params)]
    return sum(leaf.nnz if is_sparse(leaf) else getattr(leaf, "size", 1) for leaf in found)


def _label(team: _Team, what: str) -> str:
    more = len(team.names) - 1
    return f"{team.names[0]}{f' and {more} more' * bool(more)}, {what}: {team.n_in:,} inputs"


Order = Literal["all at once", "one by one"]
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
        for team in _teams_of(course, stage, slots, bound)
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
