"""Products of matrices and vectors: loops around functions of the prelude."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.layout import MANY, vector_of
from nodegraph.compiling.prelude import LLVM

__all__ = ["contract", "sparse"]


class _Operand:
    """An operand of a product: where it is, and how far apart neighbours of each label are."""

    def __init__(self, v: Values, op: Op, labels: Any):
        self.b, self.dtype = v.b, op.dtype
        self.dims = dict(zip(labels, op.dims, strict=True))
        self.pointer, strides = v.address(op)
        self.strides = dict(zip(labels, strides, strict=True))

    def at(self, where: dict[Any, Index]) -> str:
        """Return the address of the first number of a part."""
        return self.b.shifted(self.pointer, self.b.offset(self.strides, where), self.dtype)


def contract(v: Values, op: Op) -> None:
    """Write ``out[..] = sum over s of a[.., s] b[.., s]``, the axes named by labels."""
    (a, c), (la, lc, out, s, order), b = op.args, op.attrs, v.b
    vector = vector_of(op)
    if vector not in la:  # series side by side: the operand that they differ in is the vector
        a, c, la, lc = c, a, lc, la
    A, C = _Operand(v, a, la), _Operand(v, c, lc)
    strides = dict(zip(out, b.strides(v.memory.storage[op]), strict=True))
    dims = C.dims | A.dims
    loops, n = [label for label in out if label != vector], b.size(dims[s])
    if (
        vector == MANY
        and MANY not in lc
        and order == "four"
        and la == (MANY, s)
        and len(loops) == 1
    ):
        _many_by_one(v, op, A, C, strides)
        return
    kind = ("vector" if vector in lc else "scalar") + ("32" if order == "lanes" else "4")

    def body(names: list[str], tag: str) -> None:
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        one, other, place = A.at(where), C.at(where), b.offset(strides, where)
        if vector == s:
            dot = f"{LLVM[op.dtype]} {b.need(f'dot_{op.dtype}')}"
            total = b.here(f"call {dot}(ptr {one}, ptr {other}, i64 {n})")
            b.store_at(v.memory.storage[op], place, total)
            return
        goal = b.shifted(b.pointer(v.memory.storage[op]), place, op.dtype)
        b.do(
            f"call void {b.need(f'{kind}_{op.dtype}')}(ptr {one}, i64 {A.strides[s]}, ptr {other}, "
            f"i64 {C.strides[s]}, i64 {n}, ptr {goal}, i64 {b.size(dims[vector])})"
        )

    loop(b, [b.size(dims[label]) for label in loops], False, body)


def _many_by_one(v: Values, op: Op, many: _Operand, one: _Operand, strides: dict[Any, Any]) -> None:
    """Write the product of one matrix and vectors of many series, all rows at once."""
    b, s = v.b, op.attrs[3]
    (i,) = (label for label in strides if label != MANY)
    b.do(
        f"call void {b.need(f'matmany_{op.dtype}')}(ptr {one.pointer}, i64 {one.strides[i]}, "
        f"i64 {one.strides[s]}, ptr {many.pointer}, i64 {many.strides[s]}, "
        f"i64 {b.size(many.dims[s])}, ptr {b.pointer(v.memory.storage[op])}, i64 {strides[i]}, "
        f"i64 {b.size(one.dims[i])}, i64 {b.size(many.dims[MANY])})"
    )


def sparse(v: Values, op: Op) -> None:
    """Write the product of a sparse matrix, 8 rows side by side, and a vector."""
    *weights, x = op.args
    parts = ", ".join(f"ptr {v.b.pointer(v.memory.storage[part])}" for part in weights)
    pointer, strides = v.address(x)
    y = v.b.pointer(v.memory.storage[op])
    if op.many:
        name, columns = f"many{op.shape[0]}_{op.dtype}", f"ptr {pointer}, i64 {strides[1]}"
    else:
        name, columns = f"slices_{op.dtype}", f"ptr {pointer}"
    rows = v.b.size(op.dims[1 if op.many else 0])
    v.b.do(f"call void {v.b.need(name)}({parts}, {columns}, ptr {y}, i64 {rows})")
