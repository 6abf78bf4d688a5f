"""From a trace to loops: what is kept and where, in which order, and what goes together.

A plan knows operations and places in memory, and nothing of the language that it will be spelt in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from nodegraph.compiling.ir import Op, Trace, TraceError
from nodegraph.compiling.planning.dependence import Dependence
from nodegraph.compiling.planning.items import Block, Group, Item, Root, loop_over
from nodegraph.compiling.planning.layout import lay_in_panels, roots_of, settle
from nodegraph.compiling.planning.storage import REGIONS, Memory, users_of

__all__ = ["Plan"]

_TRIES = 20  # each keeps one array more apart from its home
_MOST = 12  # operations in one loop: with all 30 of 30 state vectors a step takes 1.6 times as long
_NO_ORDER = "this step cannot be put in an order"


class Plan:
    """What generated code does.

    Parameters
    ----------
    trace : Trace
    finals : dict of path to Op
        What makes ``"y"`` and each leaf that changes, as `finals_of` returns it.

    Attributes
    ----------
    memory : Memory
        Where everything that is kept lies.
    groups : list of Group
        What is done, in order; a `Block` has groups of its own.
    outside : set of Op
        What is read outside of the loop that makes it.
    """

    def __init__(self, trace: Trace, finals: dict[Any, Op]):
        self.trace = trace
        trace.open = False
        work = self._scheduled(finals)
        live = self.live
        lay_in_panels(self.memory, live)
        self.groups = _grouped(work.items[trace.top])
        for body, block in work.blocks.items():
            block.groups = _grouped(work.items[body])
        self.outside = _looked_at(work, live)

    def _scheduled(self, finals: dict[Any, Op]) -> Dependence:
        """Return all items in order; who cannot be at home is kept apart in the next try."""
        given, apart = {op: op.args for op in self.trace.ops}, set[Any]()
        for _ in range(_TRIES):
            del self.trace.ops[len(given) :]  # copies that the last try has made
            for op, args in given.items():
                op.args = args
            work = self._claimed(dict(finals), apart)
            stuck: list[Any] = [*work.conflicts]
            for region, items in work.items.items():
                if stuck:
                    break
                work.items[region], stuck = _in_order(items)
            if not stuck:
                return work
            homes = (self.memory.home(op) for item in stuck for op in _made_by(item, self.roots))
            new = [home for home in homes if home not in (None, *apart)]
            if not new:
                break
            apart.add(new[0])
        raise TraceError(_NO_ORDER)

    def _claimed(self, finals: dict[Any, Op], apart: set[Any]) -> Dependence:
        """Choose places; return who waits for whom with these."""
        self.finals, self.live = finals, users_of(finals)
        self.memory = Memory(self.trace, finals, self.live, apart)
        settle(self.memory, self.live)
        self.roots = roots_of(self.trace, self.memory, set(finals.values()), self.live)
        return Dependence(self.trace, self.memory, self.roots, self.live)


def _in_order(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """Return items in order, and those that wait for one another.

    What has a loop of its own comes as early as it can, so that elementwise operations before and
    behind it share theirs; else the first of the trace comes first.
    """
    left = sorted(items, key=lambda i: i.number)
    early = sorted(left, key=lambda i: _axes(i) is not None)
    rank = {item: k for k, item in enumerate(early)}
    waits = {item: sum(b in rank for b in item.before) for item in left}
    then: dict[Item, list[Item]] = {item: [] for item in left}
    for item in left:
        for b in item.before:
            if b in rank:
                then[b].append(item)
    ready = [rank[item] for item in left if not waits[item]]
    heapify(ready)
    done: list[Item] = []
    while ready:
        item = early[heappop(ready)]
        done.append(item)
        for other in then[item]:
            waits[other] -= 1
            if not waits[other]:
                heappush(ready, rank[other])
    return done, [item for item in left if waits[item]]


def _made_by(item: Item, roots: set[Op]) -> Iterator[Op]:
    if isinstance(item, Root):
        yield item.op
    elif isinstance(item, Block):
        for op in sorted(roots, key=lambda o: o.number):
            if op.region.within(item.body) or op.value is item.body:
                yield op


def _grouped(items: list[Item]) -> list[Group]:
    """Return items, which are in order, as groups in order."""
    groups: list[Group] = []
    place: dict[Item, int] = {}
    for item in items:
        axes, low = _axes(item), 0
        for b, same_turn in item.before.items():
            if b in place:
                together = same_turn and axes is not None and groups[place[b]].fusable
                low = max(low, place[b] + (not together))
        fits = (k for k in range(low, len(groups)) if _takes(groups[k], axes))
        chosen = next(fits, len(groups))
        if chosen == len(groups):
            groups.append(Group([], axes))
        groups[chosen].items.append(item)
        place[item], item.group = chosen, groups[chosen]
    return groups


def _axes(item: Item) -> tuple[int, ...] | None:
    """Return which axes an elementwise operation goes over; None for others and for numbers."""
    if isinstance(item, Root) and item.op.kind == "elem" and item.op.ndim > 0:
        return tuple(id(d.root()) for d in item.op.dims)
    return None


def _takes(group: Group, axes: tuple[int, ...] | None) -> bool:
    return group.fusable and group.axes == axes and len(group.items) < _MOST


def _looked_at(work: Dependence, live: Iterable[Op]) -> set[Op]:
    """Return what somebody reads outside of the loop that makes it, or at other places."""
    found: set[Op] = set()
    for item in work.everything():
        for op, places in item.reads:
            maker = work.item_of.get(op)
            if maker is None:
                continue
            if maker.group is not item.group or places != loop_over(op.ndim):
                found.add(op)
    for op in live:
        if op.kind in REGIONS:
            found.update(op.args)
    return found
