"""A plan cut into parts, each of which one worker holds: who reads what from whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nodegraph.data.series import Chunk
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.blocks import Read
from nodegraph.graph.plan import Plan

__all__ = ["Partition", "cut", "depth_of", "pieces", "span_of", "title"]


@dataclass(frozen=True)
class Partition:
    """Some nodes of a plan, and how they hang together with the others.

    Parameters
    ----------
    plan : Plan
        Of these nodes alone.
    reads : tuple of str
        Nodes of other parts whose outputs come in with each chunk.
    late : frozenset of str
        Those of ``reads`` whose outputs come a chunk later: they close a loop across parts.
    sends : tuple of str
        Nodes whose outputs other parts or the caller want.
    taught : tuple of str
        Nodes whose targets come in: the part's own, and those whose teacher is read here.
    """

    plan: Plan
    reads: tuple[str, ...]
    late: frozenset[str]
    sends: tuple[str, ...]
    taught: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that live here."""
        return tuple(self.plan.reads)

    @property
    def title(self) -> str:
        """The names of the nodes, for people."""
        return title(self.names)

    def is_door(self, name: str) -> bool:
        """Tell whether a node of this part does nothing but give out data from outside."""
        node = self.plan.nodes[name]
        says = vars(type(node)).get("verbatim", False)  # a subclass may give out something else
        return says and node.every == 1 and not any(self.plan.reads[name].values())

    def chunk(self, chunk: Chunk) -> Chunk:
        """Return what of a chunk from outside is for this part."""
        data = {name: chunk.data[name] for name in self.names if name in chunk.data}
        targets = {name: chunk.targets[name] for name in self.taught if name in chunk.targets}
        return chunk._replace(data=data, targets=targets)

    def request(self, request: Request) -> Request:
        """Return what of some work is for this part."""
        learn, final = (
            some.intersection(self.plan.reads) for some in (request.learn, request.final)
        )
        vitals = request.vitals and request.vitals.part(self.names)
        return request._replace(
            wanted=(), checkpointer=None, tell=None, vitals=vitals, learn=learn, final=final
        )

    def slots(self, slots: Mapping[str, Slot], learn: Collection[str]) -> dict[str, Slot]:
        """Return the slots of the part's nodes, and the delay lines of those that they read.

        What is remembered goes along where somebody learns.
        """
        own = {
            name: slots[name] if name in learn else replace(slots[name], memory=None)
            for name in self.names
        }
        return {**self.lines(slots), **own}

    def lines(self, slots: Mapping[str, Slot]) -> dict[str, Slot]:
        """Return the delay lines of nodes elsewhere that are read here."""
        others = {*self.reads, *self.taught} - {*self.names}
        return {name: _line_of(slots[name]) for name in sorted(others)}


def title(names: Sequence[str]) -> str:
    """Return a few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[:3] if more else names) + more


def cut(
    plan: Plan, groups: Sequence[Collection[str]], wanted: Iterable[str], taught: Iterable[str]
) -> tuple[Partition, ...]:
    """Return the parts that `groups` of nodes make, in an order in which each can run.

    Parameters
    ----------
    plan : Plan
    groups : sequence of collections of str
        Each node in one of them; a part reads those of this chunk from parts before it alone.
    wanted : iterable of str
        Nodes whose outputs the caller wants.
    taught : iterable of str
        Nodes with targets from outside.
    """
    home = {name: i for i, group in enumerate(groups) for name in group}
    outside = {name: _read_from_outside(plan, group) for name, group in enumerate(groups)}
    asked = set(wanted).union(*outside.values())
    orphans = [n for n in taught if n not in home and not plan.nodes[n].own_head]
    parts = []
    for i, group in enumerate(groups):
        names = tuple(name for name in plan.reads if name in group)
        teachers = _teachers(plan, names)
        mine = {n for n in taught if n in teachers or home.get(n) == i or (not i and n in orphans)}
        parts.append(
            Partition(
                plan.part(names),
                reads=tuple(outside[i]),
                late=frozenset(name for name in outside[i] if home[name] > i),
                sends=tuple(name for name in names if name in asked),
                taught=tuple(sorted(mine)),
            )
        )
    return tuple(parts)


def depth_of(parts: Sequence[Partition]) -> int:
    """Return how many parts a chunk goes through one after the other, at most."""
    depth, deepest = dict[str, int](), 1
    for part in parts:
        own = 1 + max((depth.get(n, 0) for n in part.reads if n not in part.late), default=0)
        depth |= dict.fromkeys(part.sends, own)
        deepest = max(deepest, own)
    return deepest


def span_of(plan: Plan, parts: Sequence[Partition]) -> int | None:
    """Return how many steps may go through at a time, or None for any number.

    A loop across parts moves by the longest stride that none of its readers can notice.
    """
    home = {name: i for i, part in enumerate(parts) for name in part.names}
    split = [
        block.span
        for block in plan.blocks
        if block.span and len({home[n] for n in block.names}) > 1
    ]
    return min(split, default=None)


def pieces(chunk: Chunk, span: int | None, done: int = 0, every: int = 0) -> Iterator[Chunk]:
    """Yield a chunk in pieces of at most `span` steps.

    Parameters
    ----------
    chunk : Chunk
    span : int, optional
    done, every : int
        A piece ends every so many steps, counted from so many before the chunk; 0: it need not.
    """
    start = 0
    while start < chunk.n_steps:
        stop = min(chunk.n_steps, start + (span or chunk.n_steps))
        if every:
            stop = min(stop, start + every - (done + start) % every)
        data = {name: rows[start:stop] for name, rows in chunk.data.items()}
        targets = {name: rows[start:stop] for name, rows in chunk.targets.items()}
        yield Chunk(stop - start, data, targets, max(0, chunk.learn_from - start), chunk.number)
        start = stop


def _line_of(slot: Slot) -> Slot:
    """Return as much of a slot as those need who read from its node."""
    return replace(slot, params=(), state=(), memory=None, noise=None, ports={})


def _all_reads(plan: Plan, names: Collection[str]) -> list[Read]:
    return [r for name in names for group in plan.reads[name].values() for r in group]


def _read_from_outside(plan: Plan, names: Collection[str]) -> list[str]:
    found = [r.source for r in _all_reads(plan, names) if not r.taught and r.source not in names]
    return list(dict.fromkeys(found))


def _teachers(plan: Plan, names: Collection[str]) -> set[str]:
    return {read.source for read in _all_reads(plan, names) if read.taught}
