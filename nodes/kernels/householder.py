"""Rows folded into a triangle by reflections, in one order: the same bits on any machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.kernels import Builder, Value, by_four, kernel, spans

__all__ = ["fold", "substitute", "upwards"]

_ROWS = 32  # rows at a time, which stay in the cache while the columns are gone through


class _Side(NamedTuple):
    """Some columns of a triangle, and of rows below it."""

    top: Value
    rows: Value
    width: Value


@kernel("*R *QT *rows *others m n k dense")
def _fold(
    b: Builder, R: Value, QT: Value, rows: Value, others: Value,
    m: Value, n: Value, k: Value, dense: Value,
) -> None:  # fmt: skip
    with b.each(0, m, _ROWS) as start:
        stop, early = b.least(start + _ROWS, m), start - dense
        with b.each(b.choose(early.test("sgt", 0), early, b.whole(0)), n) as j:
            count = b.least(stop, dense + j + 1) - start
            left = _Side(R.at(j * n), rows.at(start * n), n)
            _reflect(b, left, _Side(QT.at(j * k), others.at(start * k), k), j, count)


def _reflect(b: Builder, left: _Side, right: _Side, j: Value, count: Value) -> None:
    """Reflect column j of `count` rows into the diagonal, with all that stands right of it."""
    column, none = left.rows.at(j), b.number(0)
    with b.loop(0, count, 1, none) as (i, squares):
        number = b.load(column.at(i * left.width))
        b.again(squares + number * number)
    with b.branch(squares.test("une", none).name):
        diagonal = left.top.at(j)
        alpha = b.load(diagonal)
        is_positive = alpha.test("oge", none)
        norm = b.intrinsic("sqrt", alpha * alpha + squares)
        head = b.choose(is_positive, alpha + norm, alpha - norm)
        mirror = _Mirror(b, left, j, count, head, b.number(2) / (head * head + squares))
        mirror.reflect(left, j + 1, by_four)
        mirror.reflect(right, b.whole(0), _one_by_one)
        b.store(b.choose(is_positive, norm * b.number(-1), norm), diagonal)


class _Mirror(NamedTuple):
    """What lies in the direction of column j, ``[head, rows[:, j]]``, changes its sign."""

    b: Builder
    left: _Side
    j: Value
    n_rows: Value
    head: Value
    share: Value  # 2 over the squares of the direction

    def reflect(self, side: _Side, first: Value, add: Callable[..., Sequence[Value]]) -> None:
        """Reflect the columns of a side from `first` on."""
        b = self.b
        for c, width in spans(b, first, side.width):
            top = b.load(side.top.at(c), width)
            begun = b.number(0, width) + top * b.spread(self.head, width)
            (total,) = add(b, self.n_rows, partial(self._terms, side, c, width), [begun])
            factor = b.spread(self.share * self.head, width)
            b.store(top - total * factor, side.top.at(c))
            with b.each(0, self.n_rows) as i:
                at = side.rows.at(i * side.width).at(c)
                factor = b.spread(self.share * self._number(i), width)
                b.store(b.load(at, width) - total * factor, at)

    def _terms(self, side: _Side, c: Value, width: int, i: Value) -> list[Value]:
        below = self.b.load(side.rows.at(i * side.width).at(c), width)
        return [below * self.b.spread(self._number(i), width)]

    def _number(self, i: Value) -> Value:
        return self.b.load(self.left.rows.at(i * self.left.width).at(self.j))


def _one_by_one(
    b: Builder, n: Value, terms: Callable[[Value], list[Value]], totals: list[Value]
) -> Sequence[Value]:
    with b.loop(0, n, 1, *totals) as (i, total):
        b.again(*(total + term for term in terms(i)))
    return [total]


@kernel("&R *B n count")
def _substitute(b: Builder, R: Value, B: Value, n: Value, count: Value) -> None:
    with b.each(0, count) as o:
        upwards(b, R, B.at(o * n), n)


def upwards(b: Builder, R: Value, y: Value, n: Value) -> None:
    """Turn y into ``R^-1 y``, from the last row of R up."""
    with b.each(0, n) as back:
        i = n - 1 - back
        row = R.at(i * n)
        with b.loop(i + 1, n, 1, b.load(y.at(i))) as (j, rest):
            b.again(rest - b.load(row.at(j)) * b.load(y.at(j)))
        b.store(rest / b.load(row.at(i)), y.at(i))


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
    _fold(_DOUBLE)(R, QT, rows, others, *rows.shape, others.shape[1], dense)


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
    _substitute(_DOUBLE)(np.ascontiguousarray(R), columns, *columns.shape[::-1])
    return columns.T
