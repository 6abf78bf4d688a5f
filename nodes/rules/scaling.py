"""Learning the range or the spread of signals: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from nodegraph import Array, Rule, Seen
from nodegraph.arrays import is_constant, is_dead
from nodegraph.errors import DataError

__all__ = ["Scaling", "scaled_by"]


class Scaling(Rule):
    """Choose what brings ``scale (x - centre) + offset`` into [low, high] or to unit spread.

    A signal that never changes, or by no more than rounding, is only shifted: to the middle of the
    range, or to 0; and so is a dead one, which varies by less than 1e-12 of what others do, where
    that is asked for.

    Parameters
    ----------
    low, high : float
        The range, for the kind ``range``.
    kind : {"range", "z-score"}
        Whether smallest and largest value become `low` and `high`, or mean and standard deviation
        become 0 and 1.
    dead : {"tell", "shift", "scale"}
        Whether dead signals are only shifted.
    """

    class Memory(NamedTuple):
        """Count and extremes of each signal; for the z-score also sums about its first value."""

        n: int
        least: Array
        most: Array
        first: Array
        sums: Array
        squares: Array

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("scale", "offset", "centre")

    low: float = -1.0
    high: float = 1.0
    kind: Literal["range", "z-score"] = "range"
    dead: Literal["tell", "shift", "scale"] = "tell"

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return scaled_by(self.kind)

    def begin(self, params: Any) -> Memory:
        """Return the memory of no rows."""
        n = len(params.scale)
        zeros = np.zeros((3, n))
        return self.Memory(0, np.full(n, np.inf), np.full(n, -np.inf), *zeros)

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        rows = np.atleast_2d(seen.x)
        least = np.minimum(memory.least, rows.min(axis=0))
        most = np.maximum(memory.most, rows.max(axis=0))
        more = memory._replace(n=memory.n + len(rows), least=least, most=most)
        if self.kind == "range":
            return params, more
        first = memory.first if memory.n else rows[0].astype(float)
        with np.errstate(over="ignore", invalid="ignore"):  # `finish` says so
            shifted = rows - first
            sums = _sum_in_order(memory.sums, shifted)
            squares = _sum_in_order(memory.squares, shifted**2)
        return params, more._replace(first=first, sums=sums, squares=squares)

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both."""
        if not one.n or not other.n:
            return one if one.n else other
        gap = other.first - one.first
        return self.Memory(
            one.n + other.n,
            np.minimum(one.least, other.least),
            np.maximum(one.most, other.most),
            one.first,
            one.sums + other.sums + other.n * gap,
            one.squares + other.squares + 2 * gap * other.sums + other.n * gap**2,
        )

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params with scale, offset and centre set.

        Raises
        ------
        DataError
            If there was no row to learn from, or the signals span more than numbers can tell.
        """
        if not memory.n:
            raise DataError("there are no rows to learn from: warmup left none")
        dtype = params.scale.dtype
        largest = float(np.finfo(dtype).max)
        with np.errstate(over="ignore", invalid="ignore"):
            width, middle, size = self._target(memory)
            changes = width > size / largest
            changes &= ~is_constant(memory.least, memory.most, dtype)
            if self.dead == "shift":
                changes &= ~is_dead(memory.most - memory.least)
            scale = np.where(changes, size / np.where(changes, width, 1.0), 1.0)
            scale = scale.astype(dtype).astype(float)  # so that the offset goes with it as it is
            mean = memory.first + memory.sums / memory.n
            centre = mean if self.kind == "z-score" else memory.least / 2 + memory.most / 2
            taken = centre.astype(dtype) if dtype.itemsize < 8 else 0.0 * centre
            offset = middle - scale * (centre - taken)
        if not (np.isfinite(width).all() and (np.abs(offset) <= largest).all()):
            raise DataError("the signals span more than numbers can tell: scale the data down")
        return params._replace(
            scale=scale.astype(dtype), offset=offset.astype(dtype), centre=taken.astype(dtype)
        )

    def _target(self, memory: Memory) -> tuple[Array, float, float]:
        """Return the widths there are, and the middle and the width that are wanted."""
        if self.kind == "z-score":
            about_mean = memory.squares - memory.sums**2 / memory.n
            return np.sqrt(np.maximum(about_mean, 0.0) / memory.n), 0.0, 1.0
        return memory.most - memory.least, (self.low + self.high) / 2, self.high - self.low


def scaled_by(kind: str) -> dict[str, str]:
    """Return the fields that have no effect for a kind of scaling, each with why."""
    return {} if kind == "range" else dict.fromkeys(("low", "high"), f"kind is {kind}")


def _sum_in_order(start: Array, rows: Array) -> Array:
    """Return `start` plus all `rows`, one after the other, so that chunks do not show."""
    total: Array = np.cumsum(np.concatenate([start[None], rows]), axis=0)[-1]
    return total
