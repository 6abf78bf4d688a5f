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
    """Make the upper triangle of A its Cholesky factor U; return 1, or 0 where there is none."""
    for i in range(len(A)):
        full = i - i % 4
        for k in range(0, full, 4):
            _less_four(A[i], i, A, k, i)
        for k in range(full, i):
            _less_one(A[i], i, A[k], A[k, i])
        if not A[i, i] > 0:
            return 0.0
        root = np.sqrt(A[i, i])
        for j in range(i, len(A)):
            A[i, j] /= root
    return 1.0


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
    """Return ``A^-1 B`` and a condition number of A; None if A is not positive definite.

    It is that of A with rows and columns brought to a diagonal of 1, by sums of columns.

    Parameters
    ----------
    A : ndarray of float64, shape (n, n)
        Symmetric; the upper triangle is used.
    B : ndarray of float64, shape (n, k)

    Examples
    --------
    >>> solve_positive(np.diag([2.0, 4.0]), np.ones((2, 1)))[0][:, 0]
    array([0.5 , 0.25])
    >>> round(solve_positive(np.array([[1.0, 0.5], [0.5, 1.0]]), np.ones((2, 1)))[1], 9)
    3.0
    """
    U, rows = np.array(A, dtype=float, order="C"), np.array(B.T, dtype=float, order="C")
    if not _factorise(_DOUBLE)(U):
        return None
    _substitute(_DOUBLE)(U, rows)
    return rows.T, _condition(A, U)


def _condition(A: Array, U: Array) -> float:
    """Return about the condition number of A, whose factor is U, with its diagonal brought to 1.

    It is that of the largest sum of a column; of the inverse a lower bound by some solutions, as in
    LAPACK [1]_. Sums are taken from the first number to the last, on any machine.

    References
    ----------
    .. [1] N. J. Higham, ACM Transactions on Mathematical Software 14 (1988) 381-396.
    """
    n, scale = len(A), 1 / np.sqrt(A.diagonal())

    def solved(b: Array) -> Array:
        rows = (b / scale)[None]
        _substitute(_DOUBLE)(U, rows)
        found: Array = rows[0] / scale
        return found

    norm = _largest_sum(A, scale)
    signs, place, largest = np.zeros(n), -1, 0.0
    y = solved(np.full(n, 1 / n))
    for _ in range(MOST_SOLUTIONS):
        found, before, signs = _total(np.abs(y)), signs, np.where(y < 0, -1.0, 1.0)
        grows, largest = found > largest, max(found, largest)
        if not grows or np.array_equal(signs, before):
            break
        last, place = place, int(np.abs(solved(signs)).argmax())
        if place == last:
            break
        y = solved(np.eye(1, n, place)[0])
    steps = np.arange(n)
    rising = np.where(steps % 2, -1.0, 1.0) * (1 + steps / max(n - 1, 1))
    other = 2 * _total(np.abs(solved(rising))) / (3 * n)
    return norm * max(largest, other)


MOST_SOLUTIONS = 5


def _largest_sum(A: Array, scale: Array) -> float:
    """Return the largest sum of sizes in a column of A, rows and columns times `scale`."""
    sums = np.zeros(len(A))
    for i in range(len(A)):
        row = np.abs(A[i, i:]) * scale[i:] * scale[i]
        sums[i:] += row
        sums[i] += _total(row) - row[0]
    return float(sums.max())


def _total(numbers: Array) -> float:
    """Return the sum of numbers, one after the other."""
    return float(np.add.accumulate(numbers)[-1])
