"""The Gram matrix of some rows, summed row by row in one order: the same bits on any machine."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.kernels import Builder, Value, kernel, spans
from nodegraph.host.machine import has_avx512

__all__ = ["add_cross", "add_gram"]

_PANEL, _SHIFT = 16, 4  # columns that lie together, as a power of two
_NEAR = 512  # columns whose sums stay in the cache


@cache
def _tile_shape() -> tuple[int, int]:
    """Return how many columns of two panels are multiplied at once: sums fit into registers."""
    return (8, 16) if has_avx512() else (4, 8)


def _write_gram(b: Builder, rows: Value, panels: Value, total: Value, m: Value, n: Value) -> None:
    size, (high, wide) = m * _PANEL, _tile_shape()
    with b.each(0, m) as t:
        for j, width in b.blocks(0, n, (_PANEL, 1)):
            row = panels.at((j >> _SHIFT) * size).at(t * _PANEL)
            b.store(b.load(rows.at(t * n).at(j), width), row.at(j & (_PANEL - 1)))
    room = b.put(f"alloca [{high} x {b.vector(wide)}], align 64", "ptr")
    with b.each(0, n, _PANEL) as i, b.each(0, i + 1, _PANEL) as j:
        one, other = (panels.at((k >> _SHIFT) * size) for k in (i, j))
        for p, q in product(range(0, _PANEL, high), range(0, _PANEL, wide)):
            for k, sums in enumerate(_tile(b, one.at(p), other.at(q), m)):
                b.store(sums, room.at(k * wide))
            last = b.least(n - (i + p), b.whole(high)), b.least(n - (j + q), b.whole(wide))
            _add_tile(b, room, total.at((i + p) * n).at(j + q), n, last)


_gram = kernel("&rows *panels *total m n")(_write_gram)


def _add_tile(b: Builder, room: Value, goal: Value, n: Value, last: tuple[Value, Value]) -> None:
    """Add the sums of a tile to the total, where it has such rows and columns."""
    _, wide = _tile_shape()
    with b.each(0, last[0]) as k:
        for o, width in b.blocks(0, last[1], (8, 1)):
            at = goal.at(k * n).at(o)
            b.store(b.load(at, width) + b.load(room.at(k * wide).at(o), width), at)


def _tile(b: Builder, left: Value, right: Value, m: Value) -> list[Value]:
    """Return the products of some columns of a panel with some of another."""
    high, wide = _tile_shape()
    with b.loop(0, m, 1, *[b.number(0, wide)] * high) as (t, *sums):
        row, columns = left.at(t * _PANEL), b.load(right.at(t * _PANEL), wide)
        ones = [b.spread(b.load(row.at(i)), wide) for i in range(high)]
        b.again(*(total + one * columns for total, one in zip(sums, ones, strict=True)))
    return sums


@kernel("&rows &others *sums m n k")
def _cross(
    b: Builder, rows: Value, others: Value, sums: Value, m: Value, n: Value, k: Value
) -> None:
    with b.each(0, n, _NEAR) as first:
        stop = b.least(first + _NEAR, n)
        for o, wide in b.blocks(0, k, (4, 1)):
            for t, high in b.blocks(0, m, (2, 1)):
                pairs = [(rows.at((t + i) * n), others.at((t + i) * k).at(o)) for i in range(high)]
                for j, width in spans(b, first, stop):
                    for c in range(wide):
                        at = sums.at((o + c) * n).at(j)
                        total = b.load(at, width)
                        for row, factors in pairs:
                            factor = b.spread(b.load(factors.at(c)), width)
                            total = total + b.load(row.at(j), width) * factor
                        b.store(total, at)


_DOUBLE = np.dtype(np.float64)


def add_gram(rows: Array, total: Array) -> None:
    """Add ``rows' rows`` to the lower triangle of `total`, in place; above it anything may stand.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n), C-contiguous
    total : ndarray of float64, shape (n, n), C-contiguous
    """
    m, n = rows.shape
    panels = np.zeros((-(-n // _PANEL), m, _PANEL))
    _gram(_DOUBLE)(rows, panels, total, m, n)


def add_cross(rows: Array, others: Array, total: Array) -> None:
    """Add ``others' rows`` to `total`, in place.

    Parameters
    ----------
    rows, others : ndarray of float64, shape (m, n) and (m, k), C-contiguous
    total : ndarray of float64, shape (k, n), C-contiguous
    """
    sums = np.zeros(total.shape)  # apart from the total: small rows are not lost beside it
    _cross(_DOUBLE)(rows, others, sums, *rows.shape, others.shape[1])
    total += sums
