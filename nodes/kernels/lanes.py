"""Products of one row of weights with many vectors side by side, in SIMD registers.

``X`` has shape (n, lanes): row j holds entry j of every vector. Each lane is summed by itself, in
the order in which `nodes.kernels.products` sums one vector, so the bits do not depend on company.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from nodes.kernels.compiling import inner
from nodes.kernels.simd import INDEX, Sums, built

__all__ = ["dense_lanes", "sparse_lanes"]


def _sparse(lanes: int) -> Any:
    def typed(
        _: Any, data: Any, indices: Any, start: Any, stop: Any, X: Any, i: Any, Y: Any
    ) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Sums(context, builder, lanes, data.dtype)
            weights, places = row.pointer(data, args[0]), row.pointer(indices, args[1])
            source, goal = row.pointer(X, args[4], True), row.pointer(Y, args[6], True)

            def term(builder: Any, k: Any) -> Any:
                place = builder.zext(builder.load(builder.gep(places, [k])), INDEX)
                return builder.fmul(row.number(weights, k), row.load(source, place))

            row.store(row.added(args[2], args[3], 1, row.zero, term), goal, args[5])
            return context.get_dummy_value()

        whole = types.uint64
        return types.void(data, indices, whole, whole, X, whole, Y), build

    return built(typed)


def _dense(lanes: int) -> Any:
    def typed(_: Any, W: Any, start: Any, n: Any, X: Any, i: Any, Y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Sums(context, builder, lanes, W.dtype)
            weights = builder.gep(row.pointer(W, args[0]), [args[1]])
            source, goal = row.pointer(X, args[3], True), row.pointer(Y, args[5], True)

            def one(builder: Any, j: Any) -> Any:
                return builder.fmul(row.number(weights, j), row.load(source, j))

            def four(builder: Any, j: Any) -> Any:
                a, b, c, d = (one(builder, row.plus(j, step)) for step in range(4))
                return builder.fadd(builder.fadd(a, b), builder.fadd(c, d))

            full = builder.and_(args[2], ir.Constant(INDEX, -4))
            total = row.load(goal, args[4])
            total = row.added(ir.Constant(INDEX, 0), full, 4, total, four)
            row.store(row.added(full, args[2], 1, total, one), goal, args[4])
            return context.get_dummy_value()

        whole = types.uint64
        return types.void(W, whole, whole, X, whole, Y), build

    return built(typed)


_sparse_16, _sparse_32 = _sparse(16), _sparse(32)
_dense_16, _dense_32 = _dense(16), _dense(32)


@inner
def sparse_lanes(data: Any, indices: Any, start: Any, stop: Any, X: Any, i: Any, Y: Any) -> None:
    """Set row i of Y to the entries ``start:stop`` of a CSR matrix times X, of 16 or 32 lanes."""
    if X.shape[1] == 16:
        _sparse_16(data, indices, start, stop, X, i, Y)
    else:
        _sparse_32(data, indices, start, stop, X, i, Y)


@inner
def dense_lanes(W: Any, X: Any, i: Any, Y: Any) -> None:
    """Add row i of W, C-contiguous, times X, of 16 or 32 lanes, to row i of Y."""
    start, n = i * W.shape[1], W.shape[1]
    if X.shape[1] == 16:
        _dense_16(W, start, n, X, i, Y)
    else:
        _dense_32(W, start, n, X, i, Y)
