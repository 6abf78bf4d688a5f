"""Rows that wait until they are summed: what does not fill a block yet, and full blocks."""

from __future__ import annotations

from typing import NamedTuple

from nodegraph import Array
from nodes.ridge_regression.dual_rows import BLOCK, Rows, joined_rows, split_rows

__all__ = ["Pile"]


class Pile(NamedTuple):
    """Rows in blocks of 256, counted from the first one on, so that chunks do not show."""

    xs: tuple[Array, ...] = ()  # of (n, n_in), together fewer than 256 rows
    ts: tuple[Array, ...] = ()
    full_xs: tuple[Array, ...] = ()  # of (256, n_in)
    full_ts: tuple[Array, ...] = ()

    @property
    def n(self) -> int:
        """The number of rows."""
        return sum(map(len, self.xs)) + BLOCK * len(self.full_xs)

    @property
    def blocks(self) -> list[tuple[Array, Array]]:
        """Inputs and targets of the full blocks."""
        return list(zip(self.full_xs, self.full_ts, strict=True))

    def add(self, xs: Array, ts: Array, copied: bool) -> Pile:
        """Return the pile with more rows; full blocks are views of them if they are not copied."""
        more_xs, left_xs = split_rows(self.xs, xs, copied)
        more_ts, left_ts = split_rows(self.ts, ts, copied)
        return Pile(left_xs, left_ts, self.full_xs + more_xs, self.full_ts + more_ts)

    def closed(self) -> Pile:
        """Return the pile with its left-over rows as a block, a short one."""
        if not self.xs:
            return self
        last = (joined_rows(*self.xs),), (joined_rows(*self.ts),)
        return Pile((), (), self.full_xs + last[0], self.full_ts + last[1])

    def emptied(self) -> Pile:
        """Return the pile without its full blocks."""
        return Pile(self.xs, self.ts)

    def rows(self) -> Rows:
        """Return all its rows; there has to be one."""
        return Rows(joined_rows(*self.full_xs, *self.xs), joined_rows(*self.full_ts, *self.ts))

    def of(self, columns: slice) -> Pile:
        """Return the pile with some of the targets."""
        ts, full = (tuple(t[:, columns] for t in part) for part in (self.ts, self.full_ts))
        return self._replace(ts=ts, full_ts=full)
