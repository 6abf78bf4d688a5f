"""The outputs of nodes during a chunk."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array

__all__ = ["DelayLine", "filled"]


class DelayLine:
    """The outputs of one node during a chunk, with as much of the past as its readers look at."""

    def __init__(self, past: Array, ys: Array | None, lag: int, n_steps: int):
        self.past, self.depth, self.n_steps = past, lag, n_steps
        if ys is not None and not lag:
            self.buffer = ys
            return
        self.buffer = np.empty((lag + n_steps, past.shape[1]), past.dtype)
        self.buffer[:lag] = past[len(past) - lag :]
        if ys is not None:
            self.buffer[lag:] = ys

    def rows(self, start: int, stop: int) -> Array:
        return self.buffer[self.depth + start : self.depth + stop]

    def new_past(self) -> Array:
        missing = len(self.past) - self.n_steps
        recent = self.rows(max(0, -missing), self.n_steps)
        return np.concatenate([self.past[-missing:], recent]) if missing > 0 else recent.copy()


def filled(rows: Array, last: Array) -> Array:
    """Return `rows` with each NaN replaced by the last known value of its column."""
    gaps = np.isnan(rows)
    if not gaps.any():
        return rows
    known = np.concatenate([last[None], rows])
    steps = np.arange(len(known))[:, None]
    latest = np.maximum.accumulate(np.where(np.isnan(known), 0, steps), axis=0)
    filled: Array = np.take_along_axis(known, latest, axis=0)[1:]
    return filled
