"""Which elementwise operations share a loop, and what is looked at from outside of it."""

from __future__ import annotations

from collections.abc import Iterable

from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.dependence import Dependence
from nodegraph.compiling.planning.items import Group, Item, Root
from nodegraph.compiling.planning.reads import loop_over
from nodegraph.compiling.planning.storage import REGIONS

__all__ = ["grouped", "looked_at"]

_MOST = 12  # in one loop: more would not fit into the registers


def grouped(items: list[Item]) -> list[Group]:
    """Return items, which are in order, as groups in order."""
    groups: list[Group] = []
    place: dict[Item, int] = {}
    for item in items:
        axes, low = _axes(item), 0
        for b, same_turn in item.before.items():
            if b in place:
                together = same_turn and axes is not None and groups[place[b]].fusable
                low = max(low, place[b] + (not together))
        chosen = len(groups) if axes is None else _first_fit(groups, low, axes)
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


def _first_fit(groups: list[Group], low: int, axes: tuple[int, ...]) -> int:
    for k in range(low, len(groups)):
        if groups[k].axes == axes and len(groups[k].items) < _MOST:
            return k
    return len(groups)


def looked_at(work: Dependence, live: Iterable[Op]) -> set[Op]:
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
