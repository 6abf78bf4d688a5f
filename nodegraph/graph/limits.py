"""Between which numbers the signals of a port lie."""

from __future__ import annotations

import math
from typing import NamedTuple

from nodegraph.arrays import Array

__all__ = ["DURATION", "Limits"]


class Limits(NamedTuple):
    """What may arrive at a port.

    Parameters
    ----------
    low, high : float
        Bounds that belong to what may be; NaN may not.
    open : bool
        Whether `low` itself may not be.
    signals : int, optional
        How many signals arrive there.
    meaning : str
        What they are, for messages.
    """

    low: float
    high: float = math.inf
    open: bool = False
    signals: int | None = None
    meaning: str = ""

    def hold(self, rows: Array) -> Array:
        """Return which numbers of `rows` may be."""
        above = rows > self.low if self.open else rows >= self.low
        held: Array = above & (rows <= self.high)
        return held

    def brought_in(self, rows: Array) -> Array:
        """Return numbers that may be, made of any, to try a step with."""
        size = 0.1 + rows * rows
        if self.high < math.inf:
            size = (self.high - self.low) * size / (1 + size)
        return (self.low + size).astype(rows.dtype)

    def __str__(self) -> str:
        if self.high < math.inf:
            return f"from {self.low:g} to {self.high:g}"
        return f"above {self.low:g}" if self.open else f"{self.low:g} or more"


DURATION = Limits(0.0, open=True, signals=1, meaning="the time since the step before")
