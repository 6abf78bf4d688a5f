"""What offline rules share that need no more of the data than covariances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from nodegraph import Array, Lesson, Rule, Seen
from nodegraph.graph.rule import block_of
from nodes.parts.covariances import Covariances

__all__ = ["CovarianceRule"]


class CovarianceRule(Rule, ABC):
    """Gather covariances; what is made of them, `finish` says.

    They are summed in blocks of 256 rows counted from the start, so that chunks do not show, and
    can be merged over series.
    """

    online: ClassVar[bool] = False
    supervised: ClassVar[bool] = False

    def signals(self, seen: Seen) -> tuple[Array, ...]:
        """Return the signals whose covariances are wanted, (n_steps, n) each."""
        return (np.atleast_2d(seen.x),)

    def begin(self, params: Any) -> tuple[Covariances, ...]:
        """Return the sums of no rows."""
        return (Covariances.empty(len(params.mean)),)

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        parts = zip(memory, self.signals(seen), strict=True)
        return params, tuple(sums.add(rows.copy()) for sums, rows in parts)

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Gather the rows of a chunk, in place."""
        parts = zip(memory, self.signals(block_of(lesson, ys)), strict=True)
        return params, tuple(sums.add(rows, own=True) for sums, rows in parts)

    def merge(self, one: Any, other: Any) -> Any:
        """Return the memory of both."""
        return tuple(a.plus(b) for a, b in zip(one, other, strict=True))

    def seamless(self, memory: Any) -> Any:
        """Return the memory with rows that wait in one piece each."""
        return tuple(sums._replace(pile=sums.pile.seamless()) for sums in memory)

    @abstractmethod
    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params that the covariances tell."""
