"""The outputs of nodes during a chunk: with the past that readers look at, and within bounds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.addresses import address
from nodegraph.compiling.drivers import products_summed
from nodegraph.compiling.ir import code_of
from nodegraph.compiling.machine_code import is_enabled
from nodegraph.errors import DivergenceError

__all__ = ["DelayLine", "are_bounded", "check_bounds", "filled"]

LARGEST = {8: 1e30, 4: 1e18}  # by bytes of a number: what is larger has left all bounds
MANY = 4096  # numbers from which on a sum of squares is faster than two looks


class DelayLine:
    """The outputs of one node during a chunk, with as much of the past as its readers look at."""

    def __init__(self, past: Array, ys: Array | None, lag: int, n_steps: int):
        self.past, self.depth, self.n_steps = past, lag, n_steps
        self.bounded = False  # whether somebody has seen that all of it is within bounds
        if ys is not None and not lag:
            self.buffer = ys
            return
        self.buffer = np.empty((lag + n_steps, past.shape[1]), past.dtype)
        self.buffer[:lag] = past[len(past) - lag :]
        if ys is not None:
            self.buffer[lag:] = ys

    def lie_in(self, buffer: Array, bounded: bool) -> None:
        """Take rows that were made elsewhere, with the past before them."""
        self.buffer, self.bounded = buffer, bounded

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


def are_bounded(ys: Array) -> bool:
    """Tell whether all outputs are within bounds, whatever the data."""
    most = LARGEST[ys.itemsize]
    if ys.size >= MANY and ys.dtype.kind == "f" and ys.flags.c_contiguous and is_enabled():
        at = address(ys)
        if products_summed(code_of(ys.dtype))(at, at, ys.size) < most**2:  # once over all
            return True
    return not ys.size or bool(ys.max() < most and -most < ys.min())  # NaN is neither


def check_bounds(
    name: str, ys: Array, last: Array, clock: int, given: Iterable[Array], remedy: str
) -> None:
    """Refuse outputs that are not finite, or beyond 1e30 (1e18 in float32), where sums are lost.

    Parameters
    ----------
    name : str
        Of the node.
    ys : ndarray, shape (n_steps, n_out)
    last : ndarray, shape (n_out,)
        The output of the step before them.
    clock : int
        Number of the first step.
    given : iterable of ndarray
        Data from outside; numbers larger than 1 among them raise the bound as many times.
    remedy : str
        What to do, see `nodegraph.Node.remedy`.

    Raises
    ------
    DivergenceError
        With the first step that is beyond it.
    """
    if are_bounded(ys):
        return
    most = LARGEST[ys.itemsize]
    largest = np.abs(ys).max(axis=1, initial=0.0)
    bound = most * max([1.0, *(float(np.nanmax(np.abs(a), initial=1.0)) for a in given)])
    within = largest.astype(float) < bound  # NaN is not
    if within.all():
        return
    row = int(np.argmin(within))
    before = np.abs(ys[row - 1] if row else last)
    size = float(before.max(initial=0.0)) or 1.0
    norm = size * float(np.linalg.norm(before / size))  # does not overflow on the way
    beyond = f", or as good as that: {largest[row]:.3g}" if np.isfinite(largest[row]) else ""
    raise DivergenceError(
        f"{name}: output is no longer finite at step {clock + row}{beyond} (norm one step before: "
        f"{norm:.3g}); {remedy}"
    )
