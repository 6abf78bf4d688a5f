"""Sums over many small problems of one shape side by side, one problem in each SIMD lane.

Arrays have shape (n, lanes), double, with 8 or 16 lanes: row k holds number k of every problem.
What comes out of one lane does not depend on its company.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from nodegraph.arrays import Array
from nodes.kernels.compiling import inner
from nodes.kernels.simd import INDEX, Sums, built

__all__ = ["FEW", "MANY", "abreast", "add_multiples", "add_products", "apart", "changed_products"]

FEW, MANY = 8, 16  # lanes
_WHOLE, _NONE = types.uint64, ir.Constant(INDEX, 0)


def _products(lanes: int) -> Any:
    def typed(_: Any, A: Any, a: Any, step: Any, X: Any, x: Any, n: Any, Y: Any, y: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Sums(context, builder, lanes, Y.dtype)
            left, right = row.pointer(A, args[0], True), row.pointer(X, args[3], True)
            goal = row.pointer(Y, args[6], True)

            def term(builder: Any, k: Any) -> Any:
                one = row.load(left, builder.add(args[1], builder.mul(k, args[2])))
                return builder.fmul(one, row.load(right, builder.add(args[4], k)))

            def four(builder: Any, k: Any) -> Any:
                a, b, c, d = (term(builder, row.plus(k, step)) for step in range(4))
                return builder.fadd(builder.fadd(a, b), builder.fadd(c, d))

            full = builder.and_(args[5], ir.Constant(INDEX, -4))
            total = row.added(_NONE, full, 4, row.load(goal, args[7]), four)
            total = row.added(full, args[5], 1, total, term)
            row.store(total, goal, args[7])
            return context.get_dummy_value()

        return types.void(A, _WHOLE, _WHOLE, X, _WHOLE, _WHOLE, Y, _WHOLE), build

    return built(typed)


def _multiples(lanes: int) -> Any:
    def typed(_: Any, Y: Any, y: Any, A: Any, a: Any, n: Any, S: Any, s: Any, C: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Sums(context, builder, lanes, Y.dtype)
            goal, left = row.pointer(Y, args[0], True), row.pointer(A, args[2], True)
            times = row.load(row.pointer(S, args[5], True), args[6])
            scale = row.load(row.pointer(C, args[7], True), _NONE)

            def change(builder: Any, k: Any) -> Any:
                place = builder.add(args[1], k)
                more = builder.fmul(row.load(left, builder.add(args[3], k)), times)
                grown = builder.fmul(builder.fadd(row.load(goal, place), more), scale)
                row.store(grown, goal, place)
                return row.zero

            row.added(_NONE, args[4], 1, row.zero, change)
            return context.get_dummy_value()

        return types.void(Y, _WHOLE, A, _WHOLE, _WHOLE, S, _WHOLE, C), build

    return built(typed)


def _changed(lanes: int) -> Any:
    def typed(
        _: Any, Y: Any, y: Any, A: Any, S: Any, s: Any, C: Any, X: Any, i: Any, Z: Any
    ) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            row = Sums(context, builder, lanes, Y.dtype)
            arrays = zip((Y, A, X, Z), (args[0], args[2], args[6], args[8]), strict=True)
            goal, left, right, total = (row.pointer(kind, a, True) for kind, a in arrays)
            times = row.load(row.pointer(S, args[3], True), args[4])
            scale, last = row.load(row.pointer(C, args[5], True), _NONE), args[7]
            own = row.load(right, last)

            def fresh(builder: Any, k: Any) -> Any:
                place = builder.add(args[1], k)
                more = builder.fmul(row.load(left, k), times)
                grown = builder.fmul(builder.fadd(row.load(goal, place), more), scale)
                row.store(grown, goal, place)
                return grown

            def term(builder: Any, k: Any) -> Any:
                grown = fresh(builder, k)
                row.store(builder.fadd(row.load(total, k), builder.fmul(grown, own)), total, k)
                return builder.fmul(grown, row.load(right, k))

            def four(builder: Any, k: Any) -> Any:
                a, b, c, d = (term(builder, row.plus(k, step)) for step in range(4))
                return builder.fadd(builder.fadd(a, b), builder.fadd(c, d))

            full = builder.and_(last, ir.Constant(INDEX, -4))
            across = row.added(_NONE, full, 4, row.zero, four)
            across = row.added(full, last, 1, across, term)
            across = builder.fadd(across, builder.fmul(fresh(builder, last), own))
            row.store(across, total, last)
            return context.get_dummy_value()

        return types.void(Y, _WHOLE, A, S, _WHOLE, C, X, _WHOLE, Z), build

    return built(typed)


_products_8, _products_16 = _products(FEW), _products(MANY)
_multiples_8, _multiples_16 = _multiples(FEW), _multiples(MANY)
_changed_16 = _changed(MANY)


@inner
def add_products(A: Any, a: Any, step: Any, X: Any, x: Any, n: Any, Y: Any, y: Any) -> None:
    """Do ``Y[y] += A[a] X[x] + A[a + step] X[x + 1] + ...`` of n products, four at a time."""
    if Y.shape[1] == FEW:
        _products_8(A, a, step, X, x, n, Y, y)
    else:
        _products_16(A, a, step, X, x, n, Y, y)


@inner
def add_multiples(Y: Any, y: Any, A: Any, a: Any, n: Any, S: Any, s: Any, C: Any) -> None:
    """Set each ``Y[y + k]`` to ``(Y[y + k] + A[a + k] S[s]) C[0]``, for k below n."""
    if Y.shape[1] == FEW:
        _multiples_8(Y, y, A, a, n, S, s, C)
    else:
        _multiples_16(Y, y, A, a, n, S, s, C)


@inner
def changed_products(
    Y: Any, y: Any, A: Any, S: Any, s: Any, C: Any, X: Any, i: Any, Z: Any
) -> None:
    """Change row i of a symmetric matrix and multiply by it, in one go, 16 lanes abreast.

    The row is ``Y[y]`` to ``Y[y + i]``. Each ``Y[y + k]`` becomes ``(Y[y + k] + A[k] S[s]) C[0]``,
    and with that ``Z[k] += Y[y + k] X[i]`` for k below i, and ``Z[i] = sum_k Y[y + k] X[k]``.
    """
    _changed_16(Y, y, A, S, s, C, X, i, Z)


def abreast(array: Array, lanes: int) -> Array:
    """Return an array of all units, (units, ...), as (groups, n, lanes) doubles; 0 beyond them."""
    units = len(array)
    groups = -(-units // lanes)
    padded = np.zeros((groups * lanes, array.size // units))
    padded[:units] = array.reshape(units, -1)
    return np.ascontiguousarray(padded.reshape(groups, lanes, -1).transpose(0, 2, 1))


def apart(packed: Array, shape: tuple[int, ...]) -> Array:
    """Return what `abreast` turns into `packed`, given its shape."""
    groups, n, lanes = packed.shape
    return packed.transpose(0, 2, 1).reshape(groups * lanes, n)[: shape[0]].reshape(shape)
