"""A positive definite system, solved in one order of operations: the same bits on any machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiled import inner, kernel, read, types, write

__all__ = ["solve_positive"]


@inner
def _less_four(row: Any, first: Any, U: Any, k: Any, i: Any) -> None:
    """Take rows k to k + 3 of U, times their numbers in column i, from a row, from `first` on."""
    a, b, c, d = U[k], U[k + 1], U[k + 2], U[k + 3]
    w, x, y, z = a[i], b[i], c[i], d[i]
    for j in range(first, row.size):
        row[j] -= (a[j] * w + b[j] * x) + (c[j] * y + d[j] * z)


@inner
def _less_one(row: Any, first: Any, other: Any, factor: Any) -> None:
    for j in range(first, row.size):
        row[j] -= other[j] * factor


@kernel(lambda _: types.float64(write(types.float64, 2)))
def _factorise(A: Any) -> Any:
    """Make the upper triangle of A its Cholesky factor U; return min / max of its diagonal."""
    smallest, largest = np.inf, 0.0
    for i in range(len(A)):
        full = i - i % 4
        for k in range(0, full, 4):
            _less_four(A[i], i, A, k, i)
        for k in range(full, i):
            _less_one(A[i], i, A[k], A[k, i])
        if not A[i, i] > 0:
            return 0.0
        root = np.sqrt(A[i, i])
        smallest, largest = min(smallest, root), max(largest, root)
        for j in range(i, len(A)):
            A[i, j] /= root
    return smallest / largest


@kernel(lambda _: types.void(read(types.float64, 2), write(types.float64, 2)))
def _substitute(U: Any, B: Any) -> None:
    """Turn each row b of B into the solution of ``U' U x = b``."""
    n = len(U)
    for o in range(len(B)):
        b = B[o]
        for i in range(n):
            b[i] /= U[i, i]
            _less_one(b, i + 1, U[i], b[i])
        for i in range(n - 1, -1, -1):
            total = b[i]
            for j in range(i + 1, n):
                total -= U[i, j] * b[j]
            b[i] = total / U[i, i]


_DOUBLE = np.dtype(np.float64)


def solve_positive(A: Array, B: Array) -> tuple[Array, float] | None:
    """Return ``A^-1 B`` and about the condition number of A; None if A is not positive definite.

    Parameters
    ----------
    A : ndarray of float64, shape (n, n)
        Symmetric; the upper triangle is used.
    B : ndarray of float64, shape (n, k)

    Examples
    --------
    >>> solve_positive(np.diag([2.0, 4.0]), np.ones((2, 1)))[0][:, 0]
    array([0.5 , 0.25])
    """
    U, rows = np.array(A, dtype=float, order="C"), np.array(B.T, dtype=float, order="C")
    share = float(_factorise(_DOUBLE)(U))
    if share <= 0:
        return None
    _substitute(_DOUBLE)(U, rows)
    return rows.T, share**-2
