"""Rows of a least-squares problem: fewer than inputs, waiting to be summed, or some of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.blas import product
from nodes.ridge_regression.solvers import Solution, solve_dual

__all__ = [
    "BLOCK",
    "LARGE",
    "ChosenRows",
    "Pile",
    "Rows",
    "chosen_rows",
    "joined_rows",
    "split_rows",
]

BLOCK = 256  # rows that are summed at a time, counted from the start of learning
LARGE = 2048  # the same for wide inputs, whose sums take long to be added up


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Rows ``of[at]``; parts of them are such as well.

    Parameters
    ----------
    of : ndarray, shape (n_steps, n)
    at : ndarray of int, shape (m,)
    """

    of: Array
    at: Array

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""
        return self.of.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and columns."""
        return len(self.at), self.of.shape[1]

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice) -> ChosenRows:
        return ChosenRows(self.of, self.at[part])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        rows: Array = self.of[self.at]
        return rows if dtype is None else rows.astype(dtype, copy=False)

    def copy(self) -> Array:
        """Return them as an array."""
        return self.__array__()

    def into(self, room: Array) -> Array:
        """Return `room`, with the rows in it."""
        if room.dtype == self.of.dtype:
            return np.take(self.of, self.at, axis=0, out=room, mode="clip")  # no buffer in between
        room[...] = self.of[self.at]
        return room


def chosen_rows(rows: Array, array: Array) -> Array | ChosenRows:
    """Return rows of an array, chosen by a mask; a view of it if they are all that follow one."""
    first = int(np.argmax(rows))
    if rows[first:].all():
        return array[first:]
    return ChosenRows(array, np.flatnonzero(rows))


class Rows(NamedTuple):
    """Inputs and targets; they answer what `statistics.Statistics` answers."""

    xs: Array  # (n_steps, n_in)
    ts: Array  # (n_steps, n_out)
    exact: bool = False  # whether to solve without products of rows

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.xs)

    def plus(self, other: Rows) -> Rows:
        """Return the rows of both."""
        xs, ts = np.concatenate([self.xs, other.xs]), np.concatenate([self.ts, other.ts])
        return self._replace(xs=xs, ts=ts)

    def finite(self) -> bool:
        """Tell whether sums over the rows do not overflow."""
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [np.square(rows).sum() for rows in (self.xs, self.ts)]
        return bool(np.isfinite(sums).all())

    def solve(self, ridge: float, fit_bias: bool) -> Solution:
        """Return the weights and the bias of least penalised squared error."""
        x, t = self.xs.mean(axis=0) * fit_bias, self.ts.mean(axis=0) * fit_bias
        solution = solve_dual(self.xs - x, self.ts - t, ridge, self.exact)
        return solution._replace(b=t - product(solution.W, x[:, None])[:, 0])

    def mean_square_sum(self) -> float:
        """Return the mean over inputs of their sums of squares about the means."""
        return float(self.xs.var(axis=0).mean() * self.n)

    def spectrum(self) -> Array:
        """Return the eigenvalues of the inputs' scatter that are not zero."""
        return np.linalg.svd(self.xs - self.xs.mean(axis=0), compute_uv=False) ** 2

    def spread(self) -> Array:
        """Return the standard deviation of each target; 1 for one that never changes."""
        spread = self.ts.std(axis=0)
        return np.where(spread > 0, spread, 1.0)

    def squared_error(self, W: Array, b: Array) -> Array:
        """Return ``sum |t - W x - b|^2`` over the rows, for each output."""
        error: Array = np.square(self.ts - self.xs @ W.T - b).sum(axis=0)
        return error


class Pile(NamedTuple):
    """Rows in blocks, counted from the first one on, so that chunks do not show."""

    xs: tuple[Array, ...] = ()  # of (n, n_in), together fewer rows than a block
    ts: tuple[Array, ...] = ()
    full_xs: tuple[Array, ...] = ()  # of (block, n_in)
    full_ts: tuple[Array, ...] = ()
    block: int = BLOCK

    @property
    def n(self) -> int:
        """The number of rows."""
        return sum(map(len, self.xs)) + sum(map(len, self.full_xs))

    @property
    def blocks(self) -> list[tuple[Array, Array]]:
        """Inputs and targets of the full blocks."""
        return list(zip(self.full_xs, self.full_ts, strict=True))

    def add(self, xs: Array, ts: Array, copied: bool) -> Pile:
        """Return the pile with more rows; full blocks are views of them if they are not copied."""
        more_xs, left_xs = split_rows(self.xs, xs, copied, self.block)
        more_ts, left_ts = split_rows(self.ts, ts, copied, self.block)
        return Pile(left_xs, left_ts, self.full_xs + more_xs, self.full_ts + more_ts, self.block)

    def closed(self) -> Pile:
        """Return the pile with its left-over rows as a block, a short one."""
        if not self.xs:
            return self
        last = (joined_rows(*self.xs),), (joined_rows(*self.ts),)
        return Pile((), (), self.full_xs + last[0], self.full_ts + last[1], self.block)

    def emptied(self) -> Pile:
        """Return the pile without its full blocks."""
        return self._replace(full_xs=(), full_ts=())

    def seamless(self) -> Pile:
        """Return the pile with its left-over rows in one piece."""
        if not self.xs:
            return self
        return self._replace(xs=(joined_rows(*self.xs),), ts=(joined_rows(*self.ts),))

    def rows(self) -> Rows:
        """Return all its rows; there has to be one."""
        return Rows(joined_rows(*self.full_xs, *self.xs), joined_rows(*self.full_ts, *self.ts))

    def of(self, columns: slice, behind: int | None = None) -> Pile:
        """Return the pile with some of the targets, and all that stands from `behind` on."""

        def chosen(ts: Array) -> Array:
            if behind is None or behind >= ts.shape[1]:
                return ts[:, columns]
            return np.hstack([ts[:, columns], ts[:, behind:]])

        ts, full = (tuple(chosen(t) for t in part) for part in (self.ts, self.full_ts))
        return self._replace(ts=ts, full_ts=full)


def split_rows(
    parts: tuple[Array, ...], rows: Array, copied: bool = True, block: int = BLOCK
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Return full blocks of what was left and of more rows, and what is left now."""
    room, blocks = block - sum(map(len, parts)), []
    if len(rows) < room:
        return (), (*parts, rows.copy())
    if parts:
        blocks, rows = [joined_rows(*parts, rows[:room])], rows[room:]
    full = len(rows) // block * block
    views = [rows[start : start + block] for start in range(0, full, block)]
    blocks += [view.copy() if copied else view for view in views]
    return tuple(blocks), (rows[full:].copy(),) if len(rows) > full else ()


def joined_rows(*parts: Array) -> Array:
    """Return the rows of all parts; a single one as it is."""
    return np.concatenate(parts) if len(parts) > 1 else parts[0]
