"""What a plan is made of: things that are done at one go, what each reads, and who shares a loop.

Places that are read are a tuple with one part for each axis: ``("i", k)``, the index of loop k;
``("c", n)``, always n; ``("a", ..)`` and ``("t", ..)``, as slices and indices say. None is
anywhere, ``"base"`` what is changed in place, ``"whole"`` all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodegraph.compiling.ir import Op, Region
from nodegraph.compiling.planning.storage import Memory
from nodegraph.compiling.reasons import CompilerFault

__all__ = ["Block", "Group", "Item", "Root", "aligned", "apart", "loop_over",
           "reads_of", "same_turn", "written_by"]  # fmt: skip


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


def loop_over(rank: int) -> tuple[Any, ...]:
    """Return the place that a loop over all axes is at."""
    return tuple(("i", k) for k in range(rank))


def written_by(op: Op) -> Any:
    """Return the places of its storage that a turn of the loop of `op` writes."""
    if op.kind == "elem":
        return loop_over(op.ndim)
    if op.kind == "put":
        return _source(op.attrs[0], op.args[2:], loop_over(len(op.value)))
    return "whole"


def apart(read: Any, written: Any) -> bool:
    """Tell whether a turn of a loop reads only what no other turn has written."""
    if same_turn(read, written):
        return True
    if isinstance(read, tuple) and isinstance(written, tuple) and len(read) == len(written):
        return any(a[0] == b[0] == "c" and a[1] != b[1] for a, b in zip(read, written, strict=True))
    return False


def same_turn(read: Any, written: Any) -> bool:
    """Tell whether what a turn reads is what that turn alone writes.

    An array of indices may name a place twice: then the last turn has the word.
    """
    return read == written and not any(part[0] == "t" and part[2] for part in written)


def reads_of(item: Item, memory: Memory, roots: set[Op]) -> list[tuple[Op, Any]]:
    """Return the roots, or what else is kept, that `item` reads; with the places."""
    walk = _Walk(memory, roots)
    if isinstance(item, Block):
        if item.body.count is not None:
            return [(o.args[0], None) for o in item.outs]
        for out in item.outs:
            walk.go(out.args[0], None)
    elif isinstance(item, Root):
        if item.also is not None:
            walk.go(item.also.args[1], None)
        walk.root(item.op)
    return walk.found


class _Walk:
    """A walk from an operation to what is kept of what it needs."""

    def __init__(self, memory: Memory, roots: set[Op]):
        self.memory, self.roots = memory, roots
        self.found: list[tuple[Op, Any]] = []
        self.walked: set[Any] = set()

    def root(self, op: Op) -> None:
        if op.kind == "elem":
            for arg in op.args:
                self.go(arg, aligned(arg, op.shape, loop_over(op.ndim)))
            return
        operands = list(op.args)
        if op.kind in ("put", "rankone"):
            self.found.append((operands.pop(0), "base"))
        if op.kind == "put":
            new, shape = operands.pop(0), tuple(d.value for d in op.value)
            self.go(new, aligned(new, shape, loop_over(len(shape))))
        for arg in operands:
            self.go(arg, None)

    def go(self, op: Op, where: Any) -> None:
        """Note what is read to know `op` at the places `where`."""
        if op.kind == "const" or (op, where) in self.walked:
            return
        self.walked.add((op, where))
        if op in self.memory.storage or op in self.roots:
            self.found.append((op, where))
        elif op.kind == "elem":
            for arg in op.args:
                self.go(arg, None if where is None else aligned(arg, op.shape, where))
        elif op.kind == "view":
            self._view(op, where)
        else:
            raise CompilerFault(f"{op} is read, and not kept")

    def _view(self, op: Op, where: Any) -> None:
        source, *operands = op.args
        self.go(source, None if where is None else _source(op.attrs, operands, where))
        for i, index in enumerate(operands, 1):
            there = None
            for part in op.attrs if where is not None else ():
                if part[0] == "take" and part[1] == i:
                    there = tuple(("c", 0) if k is None else where[k] for k in part[2])
            self.go(index, there)


def aligned(arg: Op, shape: Sequence[int], where: Any, first: Any = ("c", 0)) -> tuple[Any, ...]:
    """Return where an operand is read for the place `where` of a broadcast result."""
    skip = len(shape) - arg.ndim
    return tuple(
        first if arg.shape[k] == 1 and shape[k + skip] != 1 else where[k + skip]
        for k in range(arg.ndim)
    )


def _source(spec: Any, operands: Sequence[Op], where: Any) -> Any:
    """Return the place in the source for the place `where` of a view."""
    found: list[Any] = []
    for part in spec:
        if part[0] == "ax":
            _, k, at, step = part
            start = 0 if at is None else operands[at - 1].number
            found.append(where[k] if at is None and step == 1 else ("a", where[k], start, step))
        elif part[0] == "at":
            found.append(("c", part[1]))
        else:
            places = tuple(None if k is None else where[k] for k in part[2])
            found.append(("t", operands[part[1] - 1].number, places))
    return tuple(found)
