"""What a fit will hold at its fullest moment, and the order of learning that fits in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

from nodegraph.arrays import is_sparse
from nodegraph.arrays import leaves as leaves_of
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import Group, group_rows
from nodegraph.engines.gathering import Leaf, leaves
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import FieldError, warn
from nodegraph.graph.protocols import Room, Weighed
from nodegraph.graph.rule import merges
from nodegraph.host import memory_budget as budget
from nodegraph.model.fit import Fit
from nodegraph.model.independent_series import gatherers
from nodegraph.model.joint_readouts import find_joint
from nodegraph.model.learning_pass import cut
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


class _Needs(NamedTuple):
    """What a stage holds while it learns from some data."""

    course: Fit
    stage: Stage
    slots: Slots
    bound: BoundData

    @property
    def teams(self) -> list[_Team]:
        """The learners of the stage, those together that learn as one."""
        sizes, slots = widths(self.slots), self.slots
        joint = find_joint(self.stage, self.course.plan.rules, self.bound, sizes)
        together = {name: team.members for team in joint for name in team.members}
        groups = dict.fromkeys(together.get(name, (name,)) for name in self.stage.learners)
        return [
            _Team(names, slots[names[0]].ports.get("x", 0), sum(sizes[name] for name in names))
            for names in groups
        ]

    def rooms(self, rows: int) -> Iterator[tuple[_Team, Room]]:
        """Yield the teams that know how much room so many rows take, with that."""
        itemsize = self.course.initializer.dtype.itemsize
        for team in self.teams:
            leader = team.names[0]
            rule, params = self.course.plan.rules[leader], self.slots[leader].params
            if isinstance(rule, Weighed) and merges(rule, params):
                yield team, rule.room(team.n_in, team.n_out, rows, itemsize)

    def gathered(self, rows: int) -> dict[str, int]:
        """Return the bytes of what the learners of the stage hold until they conclude."""
        return {_label(team, "sums"): room.sums for team, room in self.rooms(rows)}

    def leaves(self) -> list[Leaf]:
        """Return the groups in which independent series are learned from, as they become one sum.

        None of the model's own stream.
        """
        if self.bound.own:
            return []
        sizes = widths(self.slots)
        most = group_rows(max(sizes[name] for name in self.stage.whole))
        return leaves([one for one in self.bound.series if isinstance(one, Series)], most)

    def in_flight(self, found: Sequence[Leaf]) -> dict[str, int]:
        """Return the bytes of the rows that are on their way, and of what is gathered of them."""
        stage, slots, rows = self.stage, self.slots, self.bound.n_steps or 0
        sizes, itemsize = widths(slots), self.course.initializer.dtype.itemsize
        made = [
            name for name, ports in stage.plan.reads.items() if ports and name not in stage.learners
        ]
        width = sum(sizes[name] for name in made)
        added = {"adding": max((room.adding for _, room in self.rooms(rows)), default=0)}
        if self.bound.own:
            joined = max(slots[name].ports.get("x", 0) for name in stage.plan.reads)
            once = joined + max(sizes.values())
            return {"rows": stage.plan.chunk_rows(sizes) * (width + once) * itemsize} | added
        threads = min(gatherers(self.course, stage, slots) or 1, len(found))
        longest = sorted((max(_rows(group) for group in leaf) for leaf in found), reverse=True)
        most = max(sum(_rows(group) for group in leaf) for leaf in found)
        rooms = [room for _, room in self.rooms(most)]
        heard = max((slots[name].ports.get("x", 0) for name in made), default=0)
        others = min(1 if threads == 1 else 3 * threads, len(found) - 1)
        return {
            "rows": (sum(longest[:threads]) * width + longest[0] * heard) * itemsize,
            "rows that wait": threads * sum(room.waiting for room in rooms),
            f"parts of {threads} worker{'s' * (threads > 1)}": others * sum(r.sums for r in rooms),
        } | added

    def one_by_one(self) -> tuple[tuple[str, ...], ...]:
        """Return the learners in turn: first those that hold little, then one team at a time."""
        rules = self.course.plan.rules
        heavy = [names for names, *_ in self.teams if isinstance(rules[names[0]], Weighed)]
        apart = [names for names in heavy if _is_free(self.stage, names)]
        alone = {name for names in apart for name in names}
        rest = tuple(name for name in self.stage.learners if name not in alone)
        return (*([rest] if rest else []), *apart)


def foresee(course: Fit, slots: Slots, bound: BoundData) -> Foresight | None:
    """Return what a fit will take; None for streams, whose length nobody knows.

    Other engines hold some of it elsewhere; what is told is that of one process that does it all.
    """
    rows, dtype = bound.n_steps, course.initializer.dtype
    if rows is None:
        return None
    fixed = {"weights": sum(_numbers(slot.params) for slot in slots.values()) * dtype.itemsize}
    kept = course.kept(slots, bound)
    fixed |= {"kept outputs": kept.foreseen()} if course.engine is LOCAL else {}
    held, fullest = dict[str, int](), dict[str, int]()
    for number, whole in enumerate(course.stages):
        stage = replace(whole, plan=cut(whole.plan, whole.learners, kept.before(number)))
        here = _Needs(course, stage, slots, bound)
        parts = here.leaves()
        waits = bound.own or len(parts) == 1
        learning = held | here.gathered(rows)
        moments = [learning | here.in_flight(parts)]
        for team, room in here.rooms(rows):
            held |= {_label(team, "sums"): room.sums + room.waiting * bound.own}
            copies = room.solving + room.sums * waits  # with the rows that still wait
            moments.append(learning | held | {_label(team, "solving"): copies})
        fullest = max(fullest, *moments, key=lambda parts: sum(parts.values()))
        held = {} if course.one_by_one else held
    return Foresight({name: size for name, size in (fixed | fullest).items() if size})


def products(course: Fit, slots: Slots, bound: BoundData, rows: int) -> float:
    """Return the multiplications and additions of sums and solutions, over so many rows."""
    stages = (_Needs(course, stage, slots, bound) for stage in course.stages)
    return sum(room.row * rows + room.end for one in stages for _, room in one.rooms(rows))


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
    stages = [_Needs(course, stage, slots, bound) for stage in course.stages]
    return replace(course, groups={one.stage.learners: one.one_by_one() for one in stages})


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
