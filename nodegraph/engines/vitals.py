"""Rows taken while a model learns, by which nodes tell what looks wrong with them; the warning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import NamedTuple, Self

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Chunk
from nodegraph.data.symptoms import is_still
from nodegraph.engines.slot import Slot
from nodegraph.errors import warn
from nodegraph.graph.node import Node
from nodegraph.graph.plan import Plan

__all__ = [
    "FEWEST",
    "Sample",
    "Trickle",
    "Vitals",
    "trickle_of",
    "vitals_of",
    "warn_in_time",
    "warn_of_states",
]

UNSCALED = "put a Scaler in front"
FEWEST = 50  # steps of a call from which on it is worth to look
FEW_TICKS = 4  # of a clock, after which what a node gives out may seem at rest
EACH, PARTS = 32, 16  # rows of a chunk, and parts of so many rows, that are kept
SOON, EVERY = 200, 4  # rows a few at a time before the first look, and calls from sample to sample


class Sample(NamedTuple):
    """What a node read and gave out at some steps, (rows, n_in) and (rows, n_out)."""

    x: Array
    y: Array


class Vitals:
    """Keeps a few rows of the last pass over the data, evenly spread, of some nodes.

    Workers elsewhere keep rows of their own nodes, or of their own series, which come back to it.

    Parameters
    ----------
    names : collection of str
        The nodes to look at.
    parts : int
        How many parts of full size are kept of a node.
    """

    def __init__(self, names: Collection[str], parts: int = PARTS):
        self.names, self._turn, self._most = frozenset(names), 0, EACH * parts
        self._held: dict[str, _Held] = {}

    def begin(self) -> None:
        """Begin another pass over the data: rows of those who live through it are let go."""
        self._turn += 1

    def take(
        self,
        names: Collection[str],
        chunk: Chunk,
        look: Callable[[str, Array], Sample],
        series: int = 1,
    ) -> None:
        """Look at a chunk, one of `series` that go side by side; `look` gives rows of a node."""
        learned = np.flatnonzero(chunk.lessons(np.arange(chunk.n_steps)))
        if not len(learned):
            return
        wanted = [n for n in self.names if n in names and self._now(n).wants()]
        if not wanted:
            return
        count = min(len(learned), max(2 * len(chunk.lengths), 2, -(-EACH // series)), self._most)
        rows = learned[np.arange(count) * len(learned) // count]
        for name in wanted:
            self._held[name].add(look(name, rows), self._most)

    def _now(self, name: str) -> _Held:
        """Return what is held of a node in this pass."""
        held = self._held.get(name)
        if held is None or held.turn != self._turn:
            every = 1 if held is None else max(1, held.every // 2)  # as many come by again
            held = self._held[name] = _Held(self._turn, every)
        return held

    def part(self, names: Collection[str]) -> Vitals | None:
        """Return a copy for a worker that holds `names`; None if it holds none to look at."""
        mine = self.names.intersection(names)
        twin = Vitals(mine)
        twin._turn = self._turn
        twin._held = {name: self._held[name].copy() for name in mine if name in self._held}
        return twin if mine else None

    def put(self, part: Vitals) -> None:
        """Take back what `part` gave, in place of what is held here of its nodes."""
        self._held |= part._held

    def blank(self) -> Vitals:
        """Return one of the same nodes for series apart, which holds no rows yet."""
        return Vitals(self.names, self._most // EACH)

    def join(self, other: Vitals) -> None:
        """Add what another one holds, who looked at other series of the same pass."""
        for name, theirs in other._held.items():
            held = self._now(name)
            for part in theirs.parts:
                if held.wants():
                    held.add(part, self._most)

    def sample(self, name: str) -> Sample | None:
        """Return the rows of a node; None if there are too few to judge by."""
        held = self._held.get(name)
        if held is None or held.rows < EACH:
            return None
        return Sample(
            *(np.concatenate(rows).astype(float) for rows in zip(*held.parts, strict=True))
        )


class _Held:
    """Parts at even distances of all that came by, at most so many rows of them."""

    def __init__(self, turn: int, every: int = 1):
        self.turn, self.every, self.seen, self.rows = turn, every, 0, 0
        self.parts: list[Sample] = []

    def copy(self) -> Self:
        """Return another one that holds the same."""
        twin = type(self)(self.turn)
        twin.__dict__.update(self.__dict__, parts=list(self.parts))
        return twin

    def wants(self) -> bool:
        """Tell whether the next part is one to be kept."""
        self.seen += 1
        return (self.seen - 1) % self.every == 0

    def add(self, part: Sample, most: int) -> None:
        self.parts.append(part)
        self.rows += len(part.y)
        if self.rows > most:
            self.parts, self.every = self.parts[::2], 2 * self.every
            self.rows = sum(len(part.y) for part in self.parts)


class Trickle:
    """Vitals of a model that learns a few rows at a time, and when to look at them.

    Parameters
    ----------
    names : collection of str
        The nodes to look at.
    """

    def __init__(self, names: Collection[str]):
        self.vitals = Vitals(names)
        self._seen, self._calls, self._due = 0, 0, float(SOON)

    def now(self) -> Vitals | None:
        """Return who is to take rows of a call; no one in most."""
        self._calls += 1
        return self.vitals if self._calls % EVERY == 1 else None

    def is_due(self, n_rows: int) -> bool:
        """Count rows that were learned from; tell whether it is time to look."""
        self._seen += n_rows
        return self._seen >= self._due

    def looked(self, spoken: bool) -> None:
        """Look again after twice as many rows, at new ones; never again if there was a fault."""
        self._due = inf if spoken else 2 * self._due
        self.vitals.begin()
        if spoken:
            self.vitals.names = frozenset()


def vitals_of(plan: Plan, bound: BoundData) -> Vitals | None:
    """Return who is to take rows of the nodes that can judge themselves; None of few steps."""
    names, total = _judges(plan), bound.n_steps
    return Vitals(names) if names and (total is None or total >= FEWEST) else None


def trickle_of(plan: Plan) -> Trickle | None:
    """Return who is to take rows of them in calls of few steps; None if there are none."""
    names = _judges(plan)
    return Trickle(names) if names else None


def _judges(plan: Plan) -> list[str]:
    return [name for name, node in plan.nodes.items() if type(node).doubts is not Node.doubts]


def warn_of_states(
    plan: Plan, slots: Mapping[str, Slot], vitals: Vitals | None, n_steps: int
) -> None:
    """Warn, once for all, of nodes with which little can be learned; each says so itself.

    `n_steps` are those that the clocks have seen, of the longest series.
    """
    if vitals is not None and (said := _said(plan, slots, vitals, n_steps)):
        warn(said)


def warn_in_time(plan: Plan, slots: Mapping[str, Slot], trickle: Trickle, n_steps: int) -> None:
    """Warn so of a model that learns a few rows at a time, and only once."""
    said = _said(plan, slots, trickle.vitals, n_steps)
    trickle.looked(bool(said))
    if said:
        warn(said)


def _said(plan: Plan, slots: Mapping[str, Slot], vitals: Vitals, n_steps: int) -> str:
    said = []
    for name, node in plan.nodes.items():
        sample = vitals.sample(name)
        if sample is None:
            continue
        idle = _idle_clock(node, sample, n_steps)
        with np.errstate(all="ignore"):  # of huge numbers what is doubted is said, not how
            found = [idle] if idle else node.doubts(*sample, slots[name].params)
        if found:
            said.append(f"{name}: {'; '.join(found)}".replace(UNSCALED, _scaling(plan, name)))
    return "\n".join(said)


def _idle_clock(node: Node, sample: Sample, n_steps: int) -> str:
    """Return that a node stood still for its clock, which hardly ticks in so many steps."""
    n_ticks = max(0, -(-(n_steps - node.phase) // node.every))
    if node.every == 1 or n_ticks > FEW_TICKS or not is_still(*sample):
        return ""
    return (
        f"it stands still, since its clock (every={node.every}, phase={node.phase}) "
        f"{f'ticks {n_ticks} times' if n_ticks else 'never ticks'} in {n_steps} steps: lower "
        "every, or give longer series"
    )


def _scaling(plan: Plan, name: str) -> str:
    """Return the cure for inputs that are not of unit size, where a `Scaler` may be there."""
    sources = [plan.nodes[read.source] for read in plan.reads[name].get("x", ())]
    scaled = sources and all(type(node).__name__ == "Scaler" for node in sources)
    return "fit its Scaler on rows like these, or to a smaller range" if scaled else UNSCALED
