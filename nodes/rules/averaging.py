"""Learning the mean of signals that have gaps: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from nodegraph import Array, Rule, Seen
from nodegraph.errors import DataError

__all__ = ["Averaging"]


class Averaging(Rule):
    """``mean_i`` becomes the mean of all ``x_i[t]`` that are numbers."""

    class Memory(NamedTuple):
        """How many values were seen of each signal, and their sums about the first of them."""

        seen: Array
        first: Array
        sums: Array

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("mean",)

    def begin(self, params: Any) -> Memory:
        """Return the memory of no rows."""
        n = len(params.mean)
        return self.Memory(np.zeros(n), np.zeros(n), np.zeros(n))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        rows = np.atleast_2d(seen.x).astype(float)
        there = ~np.isnan(rows)
        earliest = np.take_along_axis(rows, there.argmax(axis=0)[None], axis=0)[0]
        new = (memory.seen == 0) & there.any(axis=0)
        first = np.where(new, earliest, memory.first)
        parts = np.concatenate([memory.sums[None], np.where(there, rows - first, 0.0)])
        sums = np.cumsum(parts, axis=0)[-1]  # one after the other, so that chunks do not show
        return params, self.Memory(memory.seen + there.sum(axis=0), first, sums)

    def merge(self, one: Memory, other: Memory) -> Memory:
        """Return the memory of both."""
        first = np.where(one.seen > 0, one.first, other.first)
        moved = np.where(other.seen > 0, other.seen * (other.first - first), 0.0)
        return self.Memory(one.seen + other.seen, first, one.sums + other.sums + moved)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params with the means.

        Raises
        ------
        DataError
            If a signal had no value at all.
        """
        empty = np.flatnonzero(memory.seen == 0)
        if empty.size:
            raise DataError(f"column {empty[0]} has no value in the data, so it has no mean")
        mean = memory.first + memory.sums / memory.seen
        return params._replace(mean=mean.astype(params.mean.dtype))
