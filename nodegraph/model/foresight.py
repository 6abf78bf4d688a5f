"""What a fit will take, before it begins: bytes at its fullest moment, and seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from nodegraph.arrays import is_sparse, leaves
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import group_rows, groups
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.protocols import Room, Weighed
from nodegraph.graph.rule import merges
from nodegraph.host.memory_budget import format_bytes
from nodegraph.host.speed import Rates, measured_rates
from nodegraph.model.fit import Fit
from nodegraph.model.joint_readouts import find_joint
from nodegraph.model.stages import Stage

if TYPE_CHECKING:
    from nodegraph.model.model import Model

__all__ = ["Foresight", "Team", "foresee", "foreseen", "sentence", "teams_of"]

Slots = dict[str, Slot]


class Foresight(NamedTuple):
    """Bytes at the fullest moment, by what they hold, and the seconds of one core."""

    parts: dict[str, int]
    seconds: float

    @property
    def bytes(self) -> int:
        """All bytes together."""
        return sum(self.parts.values())


def foreseen(model: Model, x: Any, y: Any, workers: int | None = None) -> Foresight | None:
    """Return what `Model.fit` will take here; nothing is learned, and the model stays as it is."""
    draft = model._settle().draft()
    bound = draft.bind(x, y)
    learners = draft.learners(bound)
    course = Fit(initializer=draft.initializer, engine=LOCAL, workers=workers, learners=learners)
    return foresee(course, draft.slots, bound)


def sentence(found: Foresight | None) -> str:
    """Return in words what a fit will take.

    Examples
    --------
    >>> sentence(Foresight({"readout, sums: 9,000 inputs": 648_000_000, "weights": 2_000_000}, 90))
    'learning takes about 650.0 MB (most: readout, sums: 9,000 inputs) and 90 s of one core'
    """
    if found is None or not found.parts:
        return "what learning takes cannot be told: the length of a stream is not known"
    most = max(found.parts, key=found.parts.__getitem__)
    took = f"{found.seconds:.2g} s" if found.seconds < 100 else f"{found.seconds / 60:.0f} min"
    size = format_bytes(found.bytes)
    return f"learning takes about {size} (most: {most}) and {took} of one core"


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
        waits = bound.own or len(_parts(stage, slots, bound)) == 1
        learning = held | _gathered(course, stage, slots, bound, rows)
        moments = [learning | _in_flight(course, stage, slots, bound)]
        for team, room in _rooms(course, stage, slots, bound, rows):
            held |= {_label(team, "sums"): room.sums + room.waiting * bound.own}
            copies = room.solving + room.sums * waits  # with the rows that still wait
            moments.append(learning | held | {_label(team, "solving"): copies})
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


def _parts(stage: Stage, slots: Slots, bound: BoundData) -> list[Any]:
    """Return the groups in which independent series are learned from."""
    sizes = widths(slots)
    most = group_rows(max(sizes[name] for name in stage.whole))
    return list(groups([one for one in bound.series if isinstance(one, Series)], most))


def _in_flight(course: Fit, stage: Stage, slots: Slots, bound: BoundData) -> dict[str, int]:
    """Return the bytes of the rows that are on their way, and of what is gathered of them."""
    sizes, itemsize, n = widths(slots), course.initializer.dtype.itemsize, total_steps(bound) or 0
    joined = max(slots[name].ports.get("x", 0) for name in stage.plan.reads)
    made = [
        name for name, ports in stage.plan.reads.items() if ports and name not in stage.learners
    ]
    width, once = sum(sizes[name] for name in made), joined + max(sizes.values())
    added = {
        "adding": max((r.adding for _, r in _rooms(course, stage, slots, bound, n)), default=0)
    }
    if bound.own:
        return {"rows": stage.plan.chunk_rows(sizes) * (width + once) * itemsize} | added
    parts = _parts(stage, slots, bound)
    rows = max(sum(one.n_steps for _, one in part) for part in parts)
    threads = min(course.workers or 1, len(parts))
    found = list(_rooms(course, stage, slots, bound, rows))
    waiting = min(1 if threads == 1 else 3 * threads, len(parts) - 1)
    return {
        "rows": rows * (threads * width + once) * itemsize,
        f"parts of {threads} worker{'s' * (threads > 1)}": waiting * sum(r.sums for _, r in found),
    } | added


def _seconds(course: Fit, stage: Stage, slots: Slots, bound: BoundData, rows: int) -> float:
    """Return the seconds that a stage takes on one core."""
    rates = measured_rates(course.initializer.dtype.name)
    running = sum(
        _work(slots[name].params, rates) + slots[name].past.shape[1] / rates.curve
        for name in stage.plan.reads
        if name not in stage.learners
    )
    teams = [room for _, room in _rooms(course, stage, slots, bound, rows)]
    learning = sum(room.row * rows + room.end for room in teams) / rates.product
    return float(rows * running + learning)


def _work(params: Any, rates: Rates) -> float:
    """Return the seconds in which a row goes through some weights."""
    sparse = sum(leaf.nnz for _, leaf in leaves(params) if is_sparse(leaf))
    return float(2 * ((_numbers(params) - sparse) / rates.dense + sparse / rates.sparse))


def _numbers(params: Any) -> int:
    """Return how many numbers some arrays hold."""
    found = [leaf for _, leaf in leaves(params)]
    return sum(leaf.nnz if is_sparse(leaf) else getattr(leaf, "size", 1) for leaf in found)


def _label(team: Team, what: str) -> str:
    more = len(team.names) - 1
    return f"{team.names[0]}{f' and {more} more' * bool(more)}, {what}: {team.n_in:,} inputs"
