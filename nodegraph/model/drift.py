"""How far intervals have moved by what came: part of where a model's own stream stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array

__all__ = ["Drift"]


class Drift(NamedTuple):
    """What has been added to each bound so far, and the sums that say how fast it moves.

    ``q[t+1] = q[t] + rate s (level - 1(y[t] <= q[t]))`` [1]_, for what is added to a bound; s is
    the mean width of the intervals so far, or the mean error where there is one level alone. In
    the long run the share below each bound is its level, whatever the data do.

    References
    ----------
    .. [1] I. Gibbs, E. Candes, Advances in Neural Information Processing Systems 34 (2021).
    """

    shift: Array  # (n_out, n_levels)
    wide: Array  # (n_out,), sum of widths
    error: Array  # (n_out,), sum of errors of the middle
    rows: Array  # ()
    known: Array  # (n_out,), rows of which the target came

    @classmethod
    def begin(cls, n_out: int, n_levels: int) -> Drift:
        """Return that of the start of a stream."""
        sums = (np.zeros(n_out), np.zeros(n_out), np.zeros(()), np.zeros(n_out))
        return cls(np.zeros((n_out, n_levels)), *sums)

    def over(
        self, bounds: Array, y: Array | None, levels: Sequence[float], rate: float
    ) -> tuple[Array, Drift]:
        """Return bounds moved by what came before each, and what has been added behind them.

        Parameters
        ----------
        bounds : ndarray, shape (n_steps, n_out, n_levels)
        y : ndarray, shape (n_steps, n_out), or None
            A NaN moves nothing.
        levels : sequence of float
        rate : float
        """
        if y is None:
            return np.sort((bounds + self.shift).astype(bounds.dtype), axis=2), self
        moved, here, shares = np.empty_like(bounds), self, np.asarray(levels, float)
        for t, row in enumerate(np.asarray(bounds, float)):
            moved[t] = row + here.shift
            here = here._after(row, moved[t], y[t], shares, rate)
        return np.sort(moved, axis=2), here

    def _after(self, plain: Array, moved: Array, y: Array, levels: Array, rate: float) -> Drift:
        there = np.isfinite(y)
        wide, rows = self.wide + np.abs(plain[:, -1] - plain[:, 0]), self.rows + 1
        off = np.where(there, np.abs(np.where(there, y, 0.0) - plain.mean(axis=1)), 0.0)
        error, known = self.error + off, self.known + there
        size = np.where(wide > 0, wide / rows, error / np.maximum(known, 1))
        step = (rate * size)[:, None] * (levels - (y[:, None] <= moved))
        shift = self.shift + np.where(there[:, None], step, 0.0)
        return Drift(shift, wide, error, rows, known)

    def plain(self) -> dict[str, Any]:
        """Return it as numbers in lists."""
        return {name: part.tolist() for name, part in self._asdict().items()}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Drift:
        """Return what `plain` told."""
        return cls(*(np.asarray(plain[name], float) for name in cls._fields))
