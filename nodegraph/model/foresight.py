"""What a fit will take, before it begins: bytes at its fullest moment, and seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nodegraph.arrays import is_sparse, leaves
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import group_rows
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.protocols import Room, Weighed
from nodegraph.graph.rule import merges
from nodegraph.host.speed import measured_rates
from nodegraph.model.fit import Fit
from nodegraph.model.joint_readouts import find_joint
from nodegraph.model.stages import Stage

__all__ = ["Foresight", "Team", "foresee", "teams_of"]

Slots = dict[str, Slot]


class Foresight(NamedTuple):
    """Bytes at the fullest moment, by what they hold, and the seconds of one core."""

    parts: dict[str, int]
    seconds: float

    @property
    def bytes(self) -> int:
        """All bytes together."""
        return sum(self.parts.values())


class Team(NamedTuple):
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
    fixed |= (
        {"kept outputs": course.kept(slots, bound).foreseen()} if course.engine is LOCAL else {}
    )
    held, fullest, seconds = dict[str, int](), dict[str, int](), 0.0
    for stage in course.stages:
        learning = held | _gathered(course, stage, slots, bound, rows)
        moments = [learning | _in_flight(course, stage, slots, bound)]
        for team, room in _rooms(course, stage, slots, bound, rows):
            held |= {_label(team, "sums"): room.sums}
            moments.append(learning | held | {_label(team, "solving"): room.solving})
        fullest = max(fullest, *moments, key=lambda parts: sum(parts.values()))
        held = {} if course.one_by_one else held
        seconds += _seconds(course, stage, slots, bound, rows)
    return Foresight({name: size for name, size in (fixed | fullest).items() if size}, seconds)


def teams_of(course: Fit, stage: Stage, slots: Slots, bound: BoundData) -> list[Team]:
    """Return the learners of a stage, those together that learn as one."""
    sizes = widths(slots)
    joint = find_joint(stage, course.plan.rules, bound, sizes)
    together = {name: team.members for team in joint for name in team.members}
    groups = dict.fromkeys(together.get(name, (name,)) for name in stage.learners)
    return [
        Team(names, slots[names[0]].ports.get("x", 0), sum(sizes[name] for name in names))
        for names in groups
    ]


def _rooms(
    course: Fit, stage: Stage, slots: Slots, bound: BoundData, rows: int
) -> Iterator[tuple[Team, Room]]:
    """Yield the teams that know how much room so many rows take, with that."""
    for team in teams_of(course, stage, slots, bound):
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


def _in_flight(course: Fit, stage: Stage, slots: Slots, bound: BoundData) -> dict[str, int]:
    """Return the bytes of the rows that are on their way, and of what is gathered of them."""
    sizes, itemsize = widths(slots), course.initializer.dtype.itemsize
    width = sum(sizes[name] for name in stage.plan.reads)
    if bound.own:
        return {"rows": stage.plan.chunk_rows(sizes) * width * itemsize}
    rows = min(group_rows(max(sizes[n] for n in stage.whole)), total_steps(bound) or 0)
    threads = course.workers or 1
    found = list(_rooms(course, stage, slots, bound, rows))
    parts = sum(room.sums for _, room in found)
    waiting = 1 if threads == 1 else 3 * threads
    return {
        "rows": threads * rows * width * itemsize,
        f"parts of {threads} worker{'s' * (threads > 1)}": waiting * parts,
        "merging": max((room.merging for _, room in found), default=0),
    }


def _seconds(course: Fit, stage: Stage, slots: Slots, bound: BoundData, rows: int) -> float:
    """Return the seconds that a stage takes on one core."""
    rates = measured_rates(course.initializer.dtype.name)
    running = sum(
        2 * _numbers(slots[name].params) / rates.small + slots[name].past.shape[1] / rates.curve
        for name in stage.plan.reads
        if name not in stage.learners
    )
    teams = [room for _, room in _rooms(course, stage, slots, bound, rows)]
    learning = sum(room.row * rows + room.end for room in teams) / rates.product
    return float(rows * running + learning)


def _numbers(params: Any) -> int:
    """Return how many numbers some arrays hold."""
    found = [leaf for _, leaf in leaves(params)]
    return sum(leaf.nnz if is_sparse(leaf) else getattr(leaf, "size", 1) for leaf in found)


def _label(team: Team, what: str) -> str:
    more = len(team.names) - 1
    return f"{team.names[0]}{f' and {more} more' * bool(more)}, {what}: {team.n_in:,} inputs"
