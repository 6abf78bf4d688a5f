"""Which axis of an array is the fastest, and where its numbers lie."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nodegraph.compiling.indexing import gathers
from nodegraph.compiling.ir import Op, fastest
from nodegraph.compiling.planning.storage import Memory, first_of

__all__ = ["MANY", "Address", "address_of", "fits", "order_for", "order_of_root",
           "settle", "vector_of"]  # fmt: skip

MANY = -1  # the label of series side by side


def settle(memory: Memory, live: Iterable[Op]) -> None:
    """Choose the order of the axes of each place by how it is used."""
    for op in live:
        if op.kind == "view":
            _slow_down(memory, op.args[0], op.attrs)
        elif op.kind == "put":
            _slow_down(memory, op, op.attrs[0])
            _slow_down(memory, op.args[0], op.attrs[0])
        elif op.kind in ("symv", "rankone"):
            for part in (*op.args, op):
                if part in memory.storage and part.ndim:
                    memory.storage[part].order = _side_by_side(part.ndim)
    for store in memory.storage.values():
        store.settle()


def _side_by_side(rank: int) -> tuple[int, ...]:
    """Return the order of axes in which units lie side by side: of groups of them, or of all."""
    return (2, 1, 0) if rank == 3 else first_of(0, rank)


def _slow_down(memory: Memory, source: Op, spec: Any) -> None:
    """Note the axes of which single places are looked at; they are no use side by side."""
    store = memory.storage.get(source)
    axes = {i for i, part in enumerate(spec) if part[0] != "ax"}
    if store is not None and len(axes) < len(spec):
        store.slow |= axes


def vector_of(op: Op) -> Any:
    """Return the label along which a product goes in SIMD registers."""
    la, _, out, s, order = op.attrs
    if MANY in out:
        return MANY
    return s if order == "lanes" else la[op.args[0].fast]


def order_of_root(op: Op) -> tuple[int, ...]:
    """Return the order of axes in which `op` is made best; empty if that is all the same."""
    if op.kind == "reshape":
        kept = op.attrs
        return (*range(kept), *range(kept, op.ndim)[::-1])
    if op.kind == "contract":
        out, v = op.attrs[2], vector_of(op)
        return first_of(out.index(v) if v in out else fastest(op.shape), len(out)) if out else ()
    if op.kind == "reduce" and op.ndim:
        (arg,), (name, axis, order) = op.args, op.attrs
        if name == "add" and (order != "lanes" or arg.many):  # sums side by side, as in `fits`
            return first_of(arg.fast - (axis < arg.fast), op.ndim)
    return _side_by_side(op.ndim) if op.kind == "symv" else ()


def _first_for(op: Op, i: int) -> int | None:
    """Return along which axis of operand `i` the product or sum `op` goes; None if along any."""
    arg = op.args[i]
    if op.kind == "contract":
        labels, v = op.attrs[i], vector_of(op)
        return labels.index(v) if v in labels else None
    if op.kind == "reduce":
        name, _, order = op.attrs
        by_prelude = name == "add" or (name == "max" and order == "lanes" and not arg.many)
        return arg.fast if by_prelude else None
    return None if op.kind == "scan" else 0


def order_for(op: Op, i: int) -> tuple[int, ...]:
    """Return the order of axes in which the product or sum `op` wants its operand `i`."""
    arg, first = op.args[i], _first_for(op, i)
    if op.kind in ("symv", "rankone"):
        return _side_by_side(arg.ndim)
    return first_of(arg.fast if first is None else first, arg.ndim)


class Address(NamedTuple):
    """Numbers at places that are a sum of multiples of their indices.

    `offsets` are ``(number or Op, stride)``, or ``(Op, stride, axis, source)`` if the index may be
    out of range or below 0. A stride is that of an axis of the place; None does not move.
    """

    base: Op
    offsets: tuple[Any, ...]
    strides: tuple[Any, ...]


def address_of(memory: Memory, op: Op) -> Address | None:
    """Return where the numbers of `op` lie, None if they are not kept or lie all over the place."""
    if op in memory.storage:
        return Address(op, (), tuple(range(op.ndim)))
    if op.kind != "view":
        return None
    inner = address_of(memory, op.args[0])
    if inner is None or gathers(op.attrs):
        return None
    new: list[Any] = [None] * op.ndim
    offsets = list(inner.offsets)
    for axis, (part, stride) in enumerate(zip(op.attrs, inner.strides, strict=True)):
        if part[0] == "ax":
            _, k, at, step = part
            if at is not None:
                offsets.append((op.args[at], stride))
            if step != 1 or new[k] is not None:
                return None
            new[k] = stride
        elif part[0] == "at":
            if part[1]:
                offsets.append((part[1], stride))
        else:
            offsets.append((op.args[part[1]], stride, axis, op.args[0]))
    return Address(inner.base, tuple(offsets), tuple(new))


def fits(memory: Memory, op: Op, i: int) -> bool:
    """Tell whether numbers of operand `i` lie so that the product or sum `op` can read them."""
    arg = op.args[i]
    at = address_of(memory, arg)
    if at is None:
        return False
    if arg.ndim == 3 and op.kind in ("symv", "rankone"):  # a group in one piece
        store = memory.storage[at.base]
        whole = store.shape[1:] == arg.shape[1:] and at.strides == (0, 1, 2)
        return whole and store.order == _side_by_side(3)
    axis = _first_for(op, i)
    return axis is None or at.strides[axis] == memory.storage[at.base].order[0]
