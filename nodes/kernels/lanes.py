"""Products of one row of weights with many vectors side by side, in SIMD registers.

``X`` has shape (n, lanes): row j holds entry j of every vector. Each lane is summed by itself, in
the order in which `nodes.kernels.products` sums one vector, so the bits do not depend on company.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from nodes.kernels.compiling import inner

__all__ = ["Row", "dense_lanes", "index", "sparse_lanes"]

_intrinsic: Any = intrinsic  # numba fills in the first argument
_WORD, _INDEX = ir.IntType(32), ir.IntType(64)
Term = Callable[[Any, Any], Any]


class Row:
    """The code for lanes: reads and writes of arrays, and loops with their sums in registers."""

    def __init__(self, context: Any, builder: Any, lanes: int, dtype: Any):
        self.context, self.builder, self.dtype = context, builder, dtype
        self.vector = ir.VectorType(context.get_value_type(dtype), lanes)
        self.lanes, self.align = lanes, dtype.bitwidth // 8

    def pointer(self, kind: Any, array: Any, vectors: bool = False) -> Any:
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.bitcast(data, self.vector.as_pointer()) if vectors else data

    def number(self, pointer: Any, at: Any) -> Any:
        """Return one number in all lanes."""
        one = self.builder.load(self.builder.gep(pointer, [at]))
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, one, ir.Constant(_WORD, 0))
        same = ir.Constant(ir.VectorType(_WORD, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, same)

    def load(self, pointer: Any, at: Any) -> Any:
        loaded = self.builder.load(self.builder.gep(pointer, [at]))
        loaded.align = self.align
        return loaded

    def store(self, value: Any, pointer: Any, at: Any) -> None:
        self.builder.store(value, self.builder.gep(pointer, [at])).align = self.align

    def plus(self, at: Any, step: int) -> Any:
        return self.builder.add(at, index(step))

    def added(self, start: Any, stop: Any, step: int, total: Any, term: Term) -> Any:
        """Return ``total + term(start) + term(start + step) + ...``, in that order."""
        builder = self.builder
        before, function = builder.block, builder.function
        head, body, end = (function.append_basic_block(name) for name in ("head", "body", "end"))
        builder.branch(head)
        builder.position_at_end(head)
        k, so_far = builder.phi(_INDEX), builder.phi(self.vector)
        k.add_incoming(start, before)
        so_far.add_incoming(total, before)
        builder.cbranch(builder.icmp_unsigned("<", k, stop), body, end)
        builder.position_at_end(body)
        k.add_incoming(self.plus(k, step), builder.block)
        so_far.add_incoming(builder.fadd(so_far, term(builder, k)), builder.block)
        builder.branch(head)
        builder.position_at_end(end)
        return so_far

    def each(self, stop: Any, change: Callable[[Any], None]) -> None:
        """Do ``change(0) .. change(stop - 1)``."""

        def done(_: Any, k: Any) -> Any:
            change(k)
            return nothing

        nothing = ir.Constant(self.vector, [0.0] * self.lanes)
        self.added(index(0), stop, 1, nothing, done)


def index(number: int) -> Any:
    """Return a whole number as code."""
    return ir.Constant(_INDEX, number)


def _sparse(lanes: int) -> Any:
    def typed(
        _: Any, data: Any, indices: Any, start: Any, stop: Any, X: Any, i: Any, Y: Any
    ) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Row(context, builder, lanes, data.dtype)
            weights, places = row.pointer(data, args[0]), row.pointer(indices, args[1])
            source, goal = row.pointer(X, args[4], True), row.pointer(Y, args[6], True)

            def term(builder: Any, k: Any) -> Any:
                place = builder.zext(builder.load(builder.gep(places, [k])), _INDEX)
                return builder.fmul(row.number(weights, k), row.load(source, place))

            zero = ir.Constant(row.vector, [0.0] * lanes)
            row.store(row.added(args[2], args[3], 1, zero, term), goal, args[5])
            return context.get_dummy_value()

        whole = types.uint64
        return types.void(data, indices, whole, whole, X, whole, Y), build

    return _intrinsic(typed)


def _dense(lanes: int) -> Any:
    def typed(_: Any, W: Any, start: Any, n: Any, X: Any, i: Any, Y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Row(context, builder, lanes, W.dtype)
            weights = builder.gep(row.pointer(W, args[0]), [args[1]])
            source, goal = row.pointer(X, args[3], True), row.pointer(Y, args[5], True)

            def one(builder: Any, j: Any) -> Any:
                return builder.fmul(row.number(weights, j), row.load(source, j))

            def four(builder: Any, j: Any) -> Any:
                a, b, c, d = (one(builder, row.plus(j, step)) for step in range(4))
                return builder.fadd(builder.fadd(a, b), builder.fadd(c, d))

            full = builder.and_(args[2], ir.Constant(_INDEX, -4))
            total = row.load(goal, args[4])
            total = row.added(index(0), full, 4, total, four)
            row.store(row.added(full, args[2], 1, total, one), goal, args[4])
            return context.get_dummy_value()

        whole = types.uint64
        return types.void(W, whole, whole, X, whole, Y), build

    return _intrinsic(typed)


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
