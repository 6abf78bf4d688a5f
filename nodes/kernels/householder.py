"""Rows folded into a triangle by reflections, in one order: the same bits on any machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiled import inner, kernel, read, types, write

__all__ = ["fold", "substitute"]

_ROWS = 32  # rows at a time, which stay in the cache while the columns are gone through


@inner
def _sum_into(total: Any, first: Any, rows: Any, j: Any, start: Any, stop: Any) -> None:
    """Add rows from `start` to `stop`, times their numbers in column j, from `first` on."""
    full = start + (stop - start) // 4 * 4
    for i in range(start, full, 4):
        a, b, c, d = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        w, x, y, z = a[j], b[j], c[j], d[j]
        for k in range(first, total.size):
            total[k] += (a[k] * w + b[k] * x) + (c[k] * y + d[k] * z)
    for i in range(full, stop):
        _less(total, first, rows[i], -rows[i, j])


@inner
def _sum_others(total: Any, rows: Any, others: Any, j: Any, start: Any, stop: Any) -> None:
    for i in range(start, stop):
        _less(total, 0, others[i], -rows[i, j])


@inner
def _less(row: Any, first: Any, other: Any, factor: Any) -> None:
    for k in range(first, row.size):
        row[k] -= other[k] * factor


@inner
def _reflect(R: Any, QT: Any, rows: Any, others: Any, j: Any, start: Any, stop: Any) -> None:
    """Reflect column j of rows `start` to `stop` into ``R[j, j]``, and all to its right."""
    squares = 0.0
    for i in range(start, stop):
        squares += rows[i, j] * rows[i, j]
    if squares == 0:
        return
    alpha = R[j, j]
    norm = np.sqrt(alpha * alpha + squares)
    head = alpha + norm if alpha >= 0 else alpha - norm
    share = 2 / (head * head + squares)
    total, taught = np.zeros(len(R)), np.zeros(QT.shape[1])
    _less(total, j + 1, R[j], -head)
    _less(taught, 0, QT[j], -head)
    _sum_into(total, j + 1, rows, j, start, stop)
    _sum_others(taught, rows, others, j, start, stop)
    R[j, j] = -norm if alpha >= 0 else norm
    _less(R[j], j + 1, total, share * head)
    _less(QT[j], 0, taught, share * head)
    for i in range(start, stop):
        _less(rows[i], j + 1, total, share * rows[i, j])
        _less(others[i], 0, taught, share * rows[i, j])


@kernel(lambda f: types.void(*[write(f, 2)] * 4, types.int64))
def _fold(R: Any, QT: Any, rows: Any, others: Any, dense: Any) -> None:
    for start in range(0, len(rows), _ROWS):
        stop = min(start + _ROWS, len(rows))
        for j in range(max(0, start - dense), len(R)):
            _reflect(R, QT, rows, others, j, start, min(stop, dense + j + 1))


@kernel(lambda f: types.void(read(f, 2), write(f, 2)))
def _substitute(R: Any, B: Any) -> None:
    n = len(R)
    for o in range(len(B)):
        b = B[o]
        for i in range(n - 1, -1, -1):
            total = b[i]
            for j in range(i + 1, n):
                total -= R[i, j] * b[j]
            b[i] = total / R[i, i]


_DOUBLE = np.dtype(np.float64)


def fold(R: Array, QT: Array, rows: Array, others: Array, dense: int) -> None:
    """Turn `R` into the triangular factor of ``[R; rows]``, `QT` and `others` with it, in place.

    Parameters
    ----------
    R : ndarray of float64, shape (n, n), C-contiguous
        Upper triangular.
    QT : ndarray of float64, shape (n, k), C-contiguous
    rows, others : ndarray of float64, shape (m, n) and (m, k), C-contiguous
        `rows` are used up.
    dense : int
        From this row on, `rows` are upper triangular.
    """
    _fold(_DOUBLE)(R, QT, rows, others, dense)


def substitute(R: Array, B: Array) -> Array:
    """Return ``R^-1 B`` for an upper triangular R.

    Parameters
    ----------
    R : ndarray of float64, shape (n, n)
    B : ndarray of float64, shape (n, k)

    Examples
    --------
    >>> substitute(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([[4.0], [4.0]]))[:, 0]
    array([1.5, 1. ])
    """
    columns = np.array(B.T, dtype=float, order="C")
    _substitute(_DOUBLE)(np.ascontiguousarray(R), columns)
    return columns.T
