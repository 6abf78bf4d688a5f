"""Who must come before whom: makers before readers, readers of a version before the next writer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from nodegraph.compiling.ir import Op, Region, Trace
from nodegraph.compiling.planning.items import (
    Block,
    Item,
    Root,
    apart,
    reads_of,
    same_turn,
    written_by,
)
from nodegraph.compiling.planning.storage import REGIONS, Memory, Storage, Users

__all__ = ["Dependence"]


class Dependence:
    """The items of each region, and what each of them waits for.

    Attributes
    ----------
    items : dict of Region to list of Item
    blocks : dict of Region to Block
    item_of : dict of Op to Item
    conflicts : list of Root
        What reads places that other turns of its own loop have written already.
    """

    def __init__(self, trace: Trace, memory: Memory, roots: set[Op], live: Users):
        self.memory, self.trace = memory, trace
        self.items: dict[Region, list[Item]] = {trace.top: []}
        self.blocks: dict[Region, Block] = {}
        self.item_of: dict[Op, Item] = {}
        self.conflicts: list[Root] = []
        self._add_blocks(live)
        self._add_roots(roots)
        for item in self.everything():
            item.reads = reads_of(item, memory, roots)
        for item in self.everything():
            self._after_makers(item)
        self._order_versions()

    def everything(self) -> Iterator[Item]:
        """Yield the items of all regions."""
        for items in self.items.values():
            yield from items

    def _add_blocks(self, live: Users) -> None:
        bodies = dict.fromkeys(op.value for op in live if op.kind in REGIONS)
        for body in sorted(bodies, key=lambda r: r.depth):
            self.blocks[body] = Block(body, [o for o in body.outs if o in live])
            self.items[body] = []
        for block in self.blocks.values():
            self.items[block.region].append(block)

    def _add_roots(self, roots: set[Op]) -> None:
        for op in sorted(roots, key=lambda o: o.number):
            if op.kind in REGIONS:
                self.item_of[op] = self.blocks[op.value]
            else:
                self.item_of[op] = Root(op)
                self.items[op.region].append(self.item_of[op])
        for op in [o for o in self.item_of if o.kind == "symv"]:
            self._join(op)

    def _join(self, op: Op) -> None:
        """Let a product with matrices be made in the pass that changes them, where that can be."""
        change, x = op.args
        if change.kind != "rankone" or change.region is not op.region:
            return
        item = self.item_of[change]
        if isinstance(item, Root) and item.also is None and not _comes_of(x, change):
            self.items[op.region].remove(self.item_of[op])
            item.also, self.item_of[op] = op, item

    # makers before readers

    def _after_makers(self, item: Item) -> None:
        for op, places in item.reads:
            if (maker := self.item_of.get(op)) is not None:
                self._wait(maker, item, maker, places, same_turn)

    def _wait(self, one: Item, other: Item, writer: Item, places: Any, alike: Any) -> None:
        """Let `other` come after `one`, in another loop unless its turns keep to themselves.

        They do where the `places` that are read and those that are written are `alike`.
        """
        first, then = self._side_by_side(one, other)
        if first is not then:
            same = (first, then) == (one, other) and isinstance(writer, Root)
            same = same and alike(places, written_by(writer.op))  # type: ignore[attr-defined]
            then.before[first] = then.before.get(first, True) and same

    def _side_by_side(self, one: Item, other: Item) -> tuple[Item, Item]:
        """Return the items of one region that two items are in; the same twice if one is inside."""
        inside, outside = self._chain(one), self._chain(other)
        for a, b in zip(inside, outside, strict=False):
            if a is not b:
                return a, b
        return inside[0], inside[0]

    def _chain(self, item: Item) -> list[Item]:
        """Return the blocks around an item from the outermost on, and the item."""
        found = [item]
        while found[-1].region is not self.trace.top:
            found.append(self.blocks[found[-1].region])
        return found[::-1]

    # readers before the next writer

    def _order_versions(self) -> None:
        """Let who reads a version come before the writer of the next, and writers one by one."""
        readers: dict[Storage, list[tuple[Op, Item, Any]]] = {}
        for item in self.everything():
            for op, places in item.reads:
                if op in self.memory.storage:
                    readers.setdefault(self.memory.storage[op], []).append((op, item, places))
        for store, written in self._writers().items():
            for op, reader, places in readers.get(store, ()):
                for new, writer in written:
                    if new.number > op.number or op.kind == "leaf":  # it writes a later version
                        self._read_first(reader, places, writer)
            self._one_by_one(written)

    def _writers(self) -> dict[Storage, list[tuple[Op, Item]]]:
        found: dict[Storage, list[tuple[Op, Item]]] = {}
        for op, item in self.item_of.items():
            if op.kind not in REGIONS and op in self.memory.storage:  # else its parts write
                found.setdefault(self.memory.storage[op], []).append((op, item))
        return found

    def _read_first(self, reader: Item, places: Any, writer: Item) -> None:
        if writer is not reader:
            self._wait(reader, writer, writer, places, apart)
        elif isinstance(reader, Root) and places != "base":  # it reads what it changes
            if not apart(places, written_by(reader.op)):
                self.conflicts.append(reader)

    def _one_by_one(self, written: list[tuple[Op, Item]]) -> None:
        ordered = sorted(written, key=lambda pair: pair[0].number)
        for (_, first), (_, then) in pairwise(ordered):
            a, b = self._side_by_side(first, then)
            if a is not b:
                b.before[a] = False


def _comes_of(op: Op, other: Op) -> bool:
    """Tell whether `op` needs `other`."""
    seen: set[Op] = set()
    stack = [op]
    while stack:
        one = stack.pop()
        if one is other:
            return True
        if one not in seen and one.number > other.number:
            seen.add(one)
            stack += one.args
    return False
