"""What a plan is made of: things that are done at one go, and those that share a loop."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.ir import Op, Region
from nodegraph.compiling.planning.storage import Storage

__all__ = ["Block", "Copy", "Group", "Item", "Root"]


class Item:
    """Something that is done at one go.

    Parameters
    ----------
    number : float
        Its place in the trace.
    region : Region
        Where it is done.

    Attributes
    ----------
    reads : list of (Op, places)
        What it reads from memory, and where; None is anywhere.
    before : dict of Item to bool
        Who must come first in the same region; True: in the same turn of one loop will do.
    group : Group
    """

    group: Group

    def __init__(self, number: float, region: Region):
        self.number, self.region = number, region
        self.reads: list[tuple[Op, Any]] = []
        self.before: dict[Item, bool] = {}


class Root(Item):
    """An operation whose numbers are kept; `also` is done in the same pass."""

    def __init__(self, op: Op):
        super().__init__(op.number, op.region)
        self.op = op
        self.also: Op | None = None


class Block(Item):
    """What happens under a condition, or in each turn of a loop.

    Parameters
    ----------
    body : Region
    outs : list of Op
        What comes out of it.
    """

    def __init__(self, body: Region, outs: list[Op]):
        super().__init__(min(o.number for o in outs) - 0.5, body.parent or body)
        self.body, self.outs = body, outs
        self.groups: list[Group] = []


class Copy(Item):
    """A copy at the end of a step, or of a turn of a loop."""

    def __init__(self, op: Op, store: Storage, top: Region):
        super().__init__(1e9 + op.number, top if store.carry is None else store.carry.region)
        self.op, self.store = op, store


class Group:
    """Items in one loop.

    Parameters
    ----------
    items : list of Item
    axes : tuple, optional
        Which axes an elementwise loop goes over; None for what has a loop of its own.
    """

    def __init__(self, items: list[Item], axes: tuple[int, ...] | None):
        self.items, self.axes = items, axes

    @property
    def fusable(self) -> bool:
        return self.axes is not None
