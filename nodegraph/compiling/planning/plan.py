"""From a trace to loops: what is kept and where, in which order, and what goes together.

A plan knows operations and places in memory, and nothing of the language that it will be spelt in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from nodegraph.compiling.ir import Op, Trace, TraceError
from nodegraph.compiling.planning.dependence import Dependence
from nodegraph.compiling.planning.items import Block, Group, Item, Root, loop_over
from nodegraph.compiling.planning.layout import lay_in_panels, roots_of, settle
from nodegraph.compiling.planning.storage import REGIONS, Memory, Storage, changed, users_of

__all__ = ["Plan"]

_TRIES = 20  # each gives one array a buffer of its own
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
        self.trace, self.finals = trace, dict(finals)
        trace.open = False
        live = users_of(self.finals)
        self.memory = Memory(trace, self.finals, live)
        settle(self.memory, live)
        self.roots = roots_of(trace, self.memory, set(self.finals.values()), live)
        self.live = live
        work = self._scheduled()
        lay_in_panels(self.memory, live)
        self.groups = _grouped(work.items[trace.top])
        for body, block in work.blocks.items():
            block.groups = _grouped(work.items[body])
        self.outside = _looked_at(work, live)

    def _scheduled(self) -> Dependence:
        """Return all items in order; arrays that cannot change in place move elsewhere."""
        for _ in range(_TRIES):
            work = Dependence(self.trace, self.memory, self.roots, self.live)
            stuck: list[Any] = [*work.conflicts]
            for region, items in work.items.items():
                if stuck:
                    break
                work.items[region], stuck = _in_order(items)
            if not stuck:
                return work
            _loosen(self.memory, self.roots, stuck)
        raise TraceError(_NO_ORDER)


def _in_order(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """Return items in order, the first of the trace first, and those that wait for one another."""
    left = sorted(items, key=lambda i: i.number)
    rank = {item: k for k, item in enumerate(left)}
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
        item = left[heappop(ready)]
        done.append(item)
        for other in then[item]:
            waits[other] -= 1
            if not waits[other]:
                heappush(ready, rank[other])
    return done, [item for item in left if waits[item]]


def _loosen(memory: Memory, roots: set[Op], stuck: Sequence[Item]) -> None:
    """Give one array that is changed too early a buffer of its own.

    Raises
    ------
    TraceError
        If there is none.
    """
    for item in stuck:
        for op in _made_by(item, roots):
            if _part(memory, roots, op):
                return
    raise TraceError(_NO_ORDER)


def _made_by(item: Item, roots: set[Op]) -> Iterator[Op]:
    if isinstance(item, Root):
        yield item.op
    elif isinstance(item, Block):
        for op in sorted(roots, key=lambda o: o.number):
            if op.region.within(item.body) or op.value is item.body:
                yield op


def _part(memory: Memory, roots: set[Op], op: Op) -> bool:
    """Take `op`, and what is made of it in place, out of the place of its last version."""
    store = memory.storage.get(op)
    if store is None or store.path == "y" or op.value == "back":
        return False
    if store.carry is not None and not _new(op):
        return False
    there = [o for o, s in memory.storage.items() if s is store]
    if store.buffer and store.carry is None:  # part from what it was to change in place
        if not any(o.number < op.number for o in there if o.value != "copy"):
            return False
        later = [o for o in there if o.number >= op.number]
        _move(memory, roots, later, store, ("buffer", op.number, "apart"))
        return True
    there = [o for o in there if _new(o)]
    _move(memory, roots, there, store, ("buffer", op.number))
    roots.add(memory.copied_back(max(there, key=lambda o: o.number), store))
    return True


def _move(
    memory: Memory, roots: set[Op], ops: Sequence[Op], store: Storage, path: tuple[Any, ...]
) -> None:
    """Give `ops` a buffer like `store`, with copies of what they change and that stays there."""
    made = Storage(path, store.dims, store.dtype)
    made.order = store.order
    left = [(op, k) for op in ops for k in changed(op) if op.args[k] not in ops]
    copies = [memory.copied_for(op, k) for op, k in left]
    roots.update(copies)
    memory.storage.update(dict.fromkeys([*ops, *copies], made))


def _new(op: Op) -> bool:
    """Tell whether a step, or a turn of a loop, makes it; and does not find it."""
    return op.kind not in ("leaf", "carry", "loopout") and op.value != "start"


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
