"""Columns of series that do not move, or whose numbers are never known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_constant

__all__ = ["Stillness", "stillness"]

PIECE = 4096  # rows looked at before it is asked whether all have moved


class Stillness(NamedTuple):
    """What of some series does not move.

    Parameters
    ----------
    still : array of int
        Columns that have the same number, up to rounding, in all rows without a gap.
    values : array
        What it is, for each of them.
    n_rows : int
        How many such rows were seen: all, if anything is still.
    unknown : array of int
        Columns that are NaN in every row; none if some row has no gap.
    coded : bool
        Whether those still are 0 and all others go from 0 to 1: classes that do not occur here.
    """

    still: Array
    values: Array
    n_rows: int
    unknown: Array
    coded: bool


def stillness(parts: Sequence[Array]) -> Stillness:
    """Return what does not move in series of shape (T_i, n); it ends where all have moved.

    Examples
    --------
    >>> found = stillness([np.array([[1.0, 2.0], [np.nan, 5.0]]), np.array([[0.0, 2.0]])])
    >>> found.still, found.values, found.n_rows
    (array([1]), array([2.]), 2)
    """
    low, high, n_rows = np.array(np.inf), np.array(-np.inf), 0
    for rows in _whole_rows(parts):
        low = np.minimum(low, rows.min(axis=0, initial=np.inf))
        high = np.maximum(high, rows.max(axis=0, initial=-np.inf))
        n_rows += len(rows)
        if n_rows and not is_constant(low, high).any():
            break
    if n_rows:
        still = np.flatnonzero(is_constant(low, high))
        moves = np.ones(len(low), bool)
        moves[still] = False
        coded = bool(moves.any() and not low.any() and (high[moves] == 1).all())
        return Stillness(still, low[still], n_rows, still[:0], coded)
    unknown = [np.isnan(part).all(axis=0) for part in parts]
    none = np.zeros(0, int)
    return Stillness(none, low, 0, np.flatnonzero(np.all(unknown, axis=0)), False)


def _whole_rows(parts: Sequence[Array]) -> Iterator[Array]:
    """Yield the rows without a gap, some at a time."""
    for part in parts:
        for start in range(0, len(part), PIECE):
            rows = part[start : start + PIECE]
            yield rows[~np.isnan(rows).any(axis=1)]
