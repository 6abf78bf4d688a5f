"""Sums and products of all so far: loops around functions of the prelude."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.storage import Storage

__all__ = ["scan", "sparse_scan"]


def scan(v: Values, op: Op) -> None:
    """Write what is summed or multiplied up along an axis, several columns side by side."""
    (arg,), (name, axis), b = op.args, op.attrs, v.b
    store, dtype = v.memory.storage[op], op.dtype
    pointer, strides = v.address(arg)
    own = b.strides(store)
    rest = [i for i in range(op.ndim) if i != axis]
    side, loops = rest[:1], rest[1:]
    width = b.size(op.dims[side[0]]) if side else "1"
    beside = [s[side[0]] if side else 0 for s in (strides, own)]

    def body(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        one = b.shifted(pointer, b.offset(dict(enumerate(strides)), where), dtype)
        goal = b.shifted(b.pointer(store), b.offset(dict(enumerate(own)), where), dtype)
        b.do(
            f"call void {b.need(f'scan{name}_{dtype}')}(ptr {one}, i64 {strides[axis]}, "
            f"i64 {beside[0]}, ptr {goal}, i64 {own[axis]}, i64 {beside[1]}, "
            f"i64 {b.size(op.dims[axis])}, i64 {width})"
        )

    loop(b, [b.size(op.dims[i]) for i in loops], False, body)


def sparse_scan(v: Values, op: Op) -> None:
    """Write what each column of sparse weights has summed up to, place by place."""
    b, (rows, columns) = v.b, op.value
    above = Storage(("buffer", op.number, "above"), (columns,), op.dtype)
    arrays = [*(v.memory.storage[part] for part in op.args), above, v.memory.storage[op]]
    pointers = ", ".join(f"ptr {b.pointer(store)}" for store in arrays)
    name = b.need(f"slicescan_{op.dtype}")
    b.do(f"call void {name}({pointers}, i64 {b.size(rows)}, i64 {b.size(columns)})")
