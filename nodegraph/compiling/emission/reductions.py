"""Sums, products, extremes, any and all along an axis."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.scalars import apply, converted
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.prelude import LLVM, literal

__all__ = ["reduce"]

_COMBINED = {"max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}


def reduce(v: Values, op: Op) -> None:
    """Write a reduction: sums and the largest by the prelude, all else one by one."""
    (arg,), (name, _, order) = op.args, op.attrs
    along = order == "lanes" and not arg.many  # numbers of one sum lie side by side
    if op.dtype in ("f8", "f4") and (name == "add" or (name == "max" and along)):
        if along:
            _along(v, op, {"add": "add", "max": "top"}[name])
        else:
            _across(v, op, "sum32" if order == "lanes" else "sum4")
    else:
        _plain(v, op)


def _labelled(v: Values, op: Op) -> tuple[str, dict[Any, Index], dict[Any, Index]]:
    """Return pointer and strides by axis of the operand, and strides of the result."""
    (arg,), (_, axis, _) = op.args, op.attrs
    pointer, strides = v.address(arg)
    rest = [i for i in range(arg.ndim) if i != axis]
    own = v.b.strides(v.memory.storage[op])
    return pointer, dict(enumerate(strides)), dict(zip(rest, own, strict=True))


def _along(v: Values, op: Op, which: str) -> None:
    """Reduce each row by itself."""
    (arg,), (_, axis, _), b, dtype = op.args, op.attrs, v.b, op.dtype
    pointer, strides, own = _labelled(v, op)
    n, loops = b.size(arg.dims[axis]), list(own)

    def body(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        row = b.shifted(pointer, b.offset(strides, where), dtype)
        call = f"call {LLVM[dtype]} {b.need(f'{which}_{dtype}')}(ptr {row}, ptr {row}, i64 {n})"
        b.store_at(v.memory.storage[op], b.offset(own, where), b.here(call))

    loop(b, [b.size(arg.dims[i]) for i in loops], False, body)


def _across(v: Values, op: Op, which: str) -> None:
    """Reduce rows side by side."""
    (arg,), (_, axis, _), b, dtype = op.args, op.attrs, v.b, op.dtype
    pointer, strides, own = _labelled(v, op)
    n, loops = b.size(arg.dims[axis]), [i for i in own if i != arg.fast]

    def body(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        rows = b.shifted(pointer, b.offset(strides, where), dtype)
        place = b.offset(own, where)
        goal = b.shifted(b.pointer(v.memory.storage[op]), place, dtype)
        b.do(
            f"call void {b.need(f'{which}_{dtype}')}(ptr {rows}, i64 {strides[axis]}, "
            f"ptr {rows}, i64 0, i64 {n}, ptr {goal}, i64 {b.size(arg.dims[arg.fast])})"
        )

    loop(b, [b.size(arg.dims[i]) for i in loops], False, body)


def _plain(v: Values, op: Op) -> None:
    """Go through an axis one by one; the others are inside, so that they can go side by side."""
    (arg,), (name, axis, _), b = op.args, op.attrs, v.b
    store, dtype = v.memory.storage[op], op.dtype
    pointer, strides, own = _labelled(v, op)
    rest = list(own)
    order = [rest[k] for k in store.order][::-1]  # the fastest last
    start = _start(name, dtype)

    def first(names: list[str], tag: str) -> None:
        where = dict(zip(order, names, strict=True))
        b.store(store, [where[i] for i in rest], start, tag)

    def step(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip([axis, *order], names, strict=True))
        at = b.shifted(pointer, b.offset(strides, where), arg.dtype)
        one = converted(b, b.load_here(at, arg.dtype), arg.dtype, dtype)
        place = [where[i] for i in rest]
        goal = b.shifted(b.pointer(store), b.place(own.values(), place), dtype)
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
