"""The Gram matrix of some rows, summed row by row in one order: the same bits on any machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from nodegraph.arrays import Array
from nodegraph.compiled import kernel, read, write
from nodegraph.host.machine import has_avx512

__all__ = ["add_cross", "add_gram"]

_intrinsic: Any = intrinsic  # numba fills in the first argument
_PANEL = 16  # columns that lie together
_HIGH, _WIDE = (8, 16) if has_avx512() else (4, 8)  # a tile of sums that fits into the registers


def _typed_tile(_: Any, panels: Any, a: Any, b: Any, rows: Any, sums: Any) -> Any:
    """Set `sums` to the products of `_HIGH` columns from `a` on with `_WIDE` from `b` on.

    Both are places in `panels`, where the columns of a panel stand row by row.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, index, word = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
        wide = ir.VectorType(number, _WIDE)
        source = context.make_array(signature.args[0])(context, builder, args[0]).data
        goal = context.make_array(signature.args[4])(context, builder, args[4]).data
        start, function = builder.block, builder.function
        head, body, end = (function.append_basic_block(name) for name in ("head", "body", "end"))
        builder.branch(head)
        builder.position_at_end(head)
        t = builder.phi(index)
        t.add_incoming(ir.Constant(index, 0), start)
        sums = [builder.phi(wide) for _ in range(_HIGH)]
        for total in sums:
            total.add_incoming(ir.Constant(wide, [0.0] * _WIDE), start)
        builder.cbranch(builder.icmp_unsigned("<", t, args[3]), body, end)
        builder.position_at_end(body)
        step = builder.mul(t, ir.Constant(index, _PANEL))
        right = builder.gep(source, [builder.add(args[2], step)])
        columns = builder.load(builder.bitcast(right, wide.as_pointer()))
        columns.align = 8
        left = builder.gep(source, [builder.add(args[1], step)])
        nothing = ir.Constant(wide, ir.Undefined)
        same = ir.Constant(ir.VectorType(word, _WIDE), [0] * _WIDE)
        for i, total in enumerate(sums):
            one = builder.load(builder.gep(left, [ir.Constant(index, i)]))
            first = builder.insert_element(nothing, one, ir.Constant(word, 0))
            spread = builder.shuffle_vector(first, nothing, same)
            total.add_incoming(builder.fadd(total, builder.fmul(spread, columns)), body)
        t.add_incoming(builder.add(t, ir.Constant(index, 1)), body)
        builder.branch(head)
        builder.position_at_end(end)
        for i, total in enumerate(sums):
            place = builder.gep(goal, [ir.Constant(index, i * _WIDE)])
            builder.store(total, builder.bitcast(place, wide.as_pointer())).align = 8
        return context.get_dummy_value()

    whole = types.int64
    return types.void(panels, whole, whole, whole, sums), build


_tile = _intrinsic(_typed_tile)


@kernel(lambda _: types.void(read(types.float64, 2), write(types.float64, 2)))
def _gram(rows: Any, total: Any) -> None:
    m, n = rows.shape
    count = (n + _PANEL - 1) // _PANEL
    panels = np.zeros(count * m * _PANEL)
    for t in range(m):
        for p in range(count):
            base, first = (p * m + t) * _PANEL, p * _PANEL
            for j in range(min(_PANEL, n - first)):
                panels[base + j] = rows[t, first + j]
    sums = np.empty((_HIGH, _WIDE))
    for p in range(count):
        for q in range(p + 1):
            for high in range(0, _PANEL, _HIGH):
                for wide in range(0, _PANEL, _WIDE):
                    i, j = p * _PANEL + high, q * _PANEL + wide
                    left, right = p * m * _PANEL + high, q * m * _PANEL + wide
                    _tile(panels, left, right, m, sums)
                    for k in range(min(_HIGH, n - i)):
                        row = total[i + k]
                        for o in range(min(_WIDE, n - j)):
                            row[j + o] += sums[k, o]


@kernel(lambda _: types.void(*[read(types.float64, 2)] * 2, write(types.float64, 2)))
def _cross(rows: Any, others: Any, total: Any) -> None:
    sums = np.zeros(rows.shape[1])
    for o in range(len(total)):
        sums[:] = 0  # apart from the total, so that small rows are not lost beside it
        for t in range(len(rows)):
            row, factor = rows[t], others[t, o]
            for j in range(sums.size):
                sums[j] += row[j] * factor
        for j in range(sums.size):
            total[o, j] += sums[j]


_DOUBLE = np.dtype(np.float64)


def add_gram(rows: Array, total: Array) -> None:
    """Add ``rows' rows`` to the lower triangle of `total`, in place; above it anything may stand.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n), C-contiguous
    total : ndarray of float64, shape (n, n), C-contiguous
    """
    _gram(_DOUBLE)(rows, total)


def add_cross(rows: Array, others: Array, total: Array) -> None:
    """Add ``others' rows`` to `total`, in place.

    Parameters
    ----------
    rows, others : ndarray of float64, shape (m, n) and (m, k), C-contiguous
    total : ndarray of float64, shape (k, n), C-contiguous
    """
    _cross(_DOUBLE)(rows, others, total)
