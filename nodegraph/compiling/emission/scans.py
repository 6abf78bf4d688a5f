"""Sums and products of all so far: loops around functions of the prelude."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.products import Operand
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.storage import Storage

__all__ = ["scan", "sparse_scan"]


def scan(v: Values, op: Op) -> None:
    """Write what is summed or multiplied up along an axis, several columns side by side."""
    (arg,), (name, axis), b = op.args, op.attrs, v.b
    store, A = v.memory.storage[op], Operand(v, arg, range(op.ndim))
    own = b.strides(store)
    rest = [i for i in range(op.ndim) if i != axis]
    side, loops = rest[:1], rest[1:]  # columns beside one another, if there are more than one
    one, other, width = 0, 0, "1"
    for i in side:
        one, other, width = A.strides[i], own[i], b.size(op.dims[i])

    def body(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        goal = b.shifted(b.pointer(store), b.offset(dict(enumerate(own)), where), op.dtype)
        b.do(
            f"call void {b.need(f'scan{name}_{op.dtype}')}(ptr {A.at(where)}, "
            f"i64 {A.strides[axis]}, i64 {one}, ptr {goal}, i64 {own[axis]}, "
            f"i64 {other}, i64 {b.size(op.dims[axis])}, i64 {width})"
        )

    loop(b, [b.size(op.dims[i]) for i in loops], False, body)


def sparse_scan(v: Values, op: Op) -> None:
    """Write what each column of sparse weights has summed up to, place by place."""
    b, (rows, columns) = v.b, op.value
    above = Storage(("buffer", op.number, "above"), (columns,), op.dtype)
    arrays = [*(v.memory.storage[part] for part in op.args), above, v.memory.storage[op]]
    pointers = ", ".join(f"ptr {b.pointer(store)}" for store in arrays)
    name = b.need(f"{'slicescan' if len(op.args) == 3 else 'sortedscan'}_{op.dtype}")
    b.do(f"call void {name}({pointers}, i64 {b.size(rows)}, i64 {b.size(columns)})")
