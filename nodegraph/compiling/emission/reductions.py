"""Sums, products, extremes, any and all along an axis."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.products import Operand, summed
from nodegraph.compiling.emission.scalars import apply, converted
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.prelude import literal

__all__ = ["reduce"]

_COMBINED = {"max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}


def reduce(v: Values, op: Op) -> None:
    """Write a reduction: sums and the largest by the prelude, all else one by one."""
    (arg,), (name, axis, order) = op.args, op.attrs
    along = order == "lanes" and not arg.many  # numbers of one sum lie side by side
    operand = Operand(v, arg, range(arg.ndim))
    rest = [i for i in range(arg.ndim) if i != axis]
    if op.dtype not in ("f8", "f4") or not (name == "add" or (name == "max" and along)):
        _plain(v, op, operand, rest)
    elif along:
        summed(v, op, rest, operand, None, axis, axis, {"add": "add", "max": "top"}[name])
    else:
        which = "sum32" if order == "lanes" else "sum4"
        summed(v, op, rest, operand, None, axis, arg.fast, which)


def _plain(v: Values, op: Op, operand: Operand, rest: list[int]) -> None:
    """Go through an axis one by one; the others are inside, so that they can go side by side."""
    (arg,), (name, axis, _), b = op.args, op.attrs, v.b
    store, dtype = v.memory.storage[op], op.dtype
    own = b.strides(store)
    order = [rest[k] for k in store.order][::-1]  # the fastest last
    start = _start(name, dtype)

    def first(names: list[str], tag: str) -> None:
        where = dict(zip(order, names, strict=True))
        b.store(store, [where[i] for i in rest], start, tag)

    def step(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip([axis, *order], names, strict=True))
        one = converted(b, b.load_here(operand.at(where), arg.dtype), arg.dtype, dtype)
        place = [where[i] for i in rest]
        goal = b.shifted(b.pointer(store), b.place(own, place), dtype)
        old = b.load_here(goal, dtype)
        new = apply(b, _COMBINED.get(name, name), [old, one], dtype, dtype)
        b.store(store, place, new)

    loop(b, [b.size(arg.dims[i]) for i in order], True, first)
    loop(b, [b.size(arg.dims[i]) for i in [axis, *order]], False, step)


def _start(name: str, dtype: str) -> str:
    """Return what a reduction of nothing is."""
    if name in ("add", "any"):
        return literal(0, dtype)
    if name in ("multiply", "all"):
        return literal(1, dtype)
    low = name == "max"
    if dtype == "i8":
        return str(-(2**63) if low else 2**63 - 1)
    return literal(float("-inf") if low else float("inf"), dtype)
