"""In which order things are done; and what gives way where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

from nodegraph.compiling.ir import Op, TraceError
from nodegraph.compiling.planning.items import Block, Item, Root
from nodegraph.compiling.planning.storage import Memory, Storage

__all__ = ["in_order", "loosen"]

NO_ORDER = "this step cannot be put in an order"


def in_order(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
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


def loosen(memory: Memory, roots: set[Op], stuck: Sequence[Item]) -> None:
    """Give one array that is changed too early a buffer of its own.

    Raises
    ------
    TraceError
        If there is none.
    """
    for item in stuck:
        for op in _made_by(item, roots):
            if _leave_home(memory, op) or _part(memory, op):
                return
    raise TraceError(NO_ORDER)


def _made_by(item: Item, roots: set[Op]) -> Iterator[Op]:
    if isinstance(item, Root):
        yield item.op
    elif isinstance(item, Block):
        for op in sorted(roots, key=lambda o: o.number):
            if op.region.within(item.body) or op.value is item.body:
                yield op


def _leave_home(memory: Memory, op: Op) -> bool:
    """Copy `op` to its second home at the end, in place of writing it there at once."""
    homes = memory.homes.get(op, [])
    for home in homes:
        if home.path != "y":
            homes.remove(home)
            memory.copies.append((op, home))
            return True
    return False


def _part(memory: Memory, op: Op) -> bool:
    """Take `op`, and what is made of it in place, out of the place of its last version."""
    store = memory.storage.get(op)
    if store is None or store.path == "y" or (store.carry is not None and not _new(op)):
        return False
    there = [o for o, s in memory.storage.items() if s is store]
    if store.buffer and store.carry is None:  # part from what it was to change in place
        later = [o for o in there if o.number >= op.number]
        if later == there:
            return False
        _move(memory, later, store, ("buffer", op.number, "apart"))
        return True
    there = [o for o in there if _new(o)]
    _move(memory, there, store, ("buffer", op.number))
    memory.copies.append((max(there, key=lambda o: o.number), store))
    return True


def _move(memory: Memory, ops: Iterable[Op], store: Storage, path: tuple[Any, ...]) -> None:
    """Give `ops` a buffer like `store`."""
    made = Storage(path, store.dims, store.dtype)
    made.order = store.order
    for op in ops:
        memory.storage[op] = made


def _new(op: Op) -> bool:
    """Tell whether a step, or a turn of a loop, makes it; and does not find it."""
    return op.kind not in ("leaf", "carry", "loopout") and op.value != "start"
