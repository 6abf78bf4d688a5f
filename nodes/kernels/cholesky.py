"""A positive definite system, solved in one order of operations: the same bits on any machine."""

from __future__ import annotations

from functools import partial

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.kernels import Builder, Value, by_four, kernel, spans
from nodes.kernels.householder import upwards

__all__ = ["solve_positive"]


@kernel("*A n")
def _factorise(b: Builder, A: Value, n: Value) -> None:
    """Make the upper triangle of A its Cholesky factor; one that has none has NaN or 0 on it."""
    with b.each(0, n) as i:
        row = A.at(i * n)
        for j, width in spans(b, i, n):
            terms = partial(_taken_off, b, A, n, i, j, width)
            (rest,) = by_four(b, i, terms, [b.load(row.at(j), width)])
            b.store(rest, row.at(j))
        root = b.intrinsic("sqrt", b.load(row.at(i)))
        for j, width in spans(b, i, n):
            b.store(b.load(row.at(j), width) / b.spread(root, width), row.at(j))


def _taken_off(
    b: Builder, A: Value, n: Value, i: Value, j: Value, width: int, k: Value
) -> list[Value]:
    """Return what row k takes off `width` numbers of row i, from j on."""
    above = A.at(k * n)
    return [b.load(above.at(j), width) * b.spread(b.load(above.at(i)) * b.number(-1), width)]


@kernel("&U *B n count")
def _substitute(b: Builder, U: Value, B: Value, n: Value, count: Value) -> None:
    """Turn each row y of B into the solution of ``U' U x = y``."""
    with b.each(0, count) as o:
        y = B.at(o * n)
        with b.each(0, n) as i:
            row = U.at(i * n)
            known = b.load(y.at(i)) / b.load(row.at(i))
            b.store(known, y.at(i))
            for j, width in spans(b, i + 1, n):
                taken = b.load(row.at(j), width) * b.spread(known, width)
                b.store(b.load(y.at(j), width) - taken, y.at(j))
        upwards(b, U, y, n)


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
    _factorise(_DOUBLE)(U, len(U))
    if not (U.diagonal() > 0).all():
        return None
    _substitute(_DOUBLE)(U, rows, *rows.shape[::-1])
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
        _substitute(_DOUBLE)(U, rows, n, 1)
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
