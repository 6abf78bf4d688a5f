"""Windows of rows of one series after another, each with the rows before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph import Array

__all__ = ["SeriesWindows", "earlier"]


class SeriesWindows(NamedTuple):
    """Rows of the present series that wait for the end of their window, and those before them."""

    before: Array  # (n, n_in)
    xs: tuple[Array, ...]
    ts: tuple[Array, ...]  # NaN where nothing is to be learned
    number: int  # of the series; -1 for a single one
    steps: int  # of it that were seen

    @classmethod
    def empty(cls, before: Array, number: int = -1) -> SeriesWindows:
        """Return it at the start of a series; `before` has as many columns as rows will have."""
        return cls(before[:0].copy(), (), (), number, 0)

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return sum(map(len, self.xs))

    def add(self, xs: Array, ts: Array) -> SeriesWindows:
        """Return it with rows more of the same series."""
        return self._replace(xs=(*self.xs, xs), ts=(*self.ts, ts), steps=self.steps + len(xs))

    def cut(self, rows: int, back: int) -> tuple[SeriesWindows, Array, Array]:
        """Return what waits after the next window, that with the rows before it, and its targets.

        Parameters
        ----------
        rows : int
            The most that the window has.
        back : int
            The most rows that are kept of those before.
        """
        xs, ts = np.concatenate(self.xs), np.concatenate(self.ts)
        x = np.concatenate([self.before, xs[:rows]])
        left = ((xs[rows:],), (ts[rows:],)) if len(xs) > rows else ((), ())
        before = x[max(0, len(x) - back) :].copy()
        return self._replace(before=before, xs=left[0], ts=left[1]), x, ts[:rows]


def earlier(x: Array, n: int, steps: int) -> Array:
    """Return what came `steps` before each of the last n rows, zeros before the first one.

    Examples
    --------
    >>> earlier(np.arange(1.0, 4.0)[:, None], 3, 1)[:, 0]
    array([0., 1., 2.])
    """
    if not steps:
        return x[len(x) - n :]
    there = x[max(0, len(x) - n - steps) : len(x) - steps]
    return np.concatenate([np.zeros((n - len(there), x.shape[1]), x.dtype), there])
