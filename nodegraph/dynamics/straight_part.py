"""Where the curve of a divergence is straight: behind the first turn, below the plateau."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array

__all__ = ["straight_part"]

TOP = 0.6  # of the way from the start to the plateau: from there on distances saturate
RISE = 0.25  # of that way: the least that a straight part goes up
BEND, OFF = 1.25, 0.08  # between slopes of its halves, and rms residual over its rise, at most
FEWEST = 4  # rows


class _Sums(NamedTuple):
    """Sums of a curve, and of it times its rows, before each row."""

    y: Array
    ty: Array
    yy: Array

    @classmethod
    def of(cls, curve: Array) -> _Sums:
        y = curve - curve.mean()
        each = (y, np.arange(len(y)) * y, y * y)
        return cls(*(np.concatenate([[0.0], np.cumsum(one)]) for one in each))

    def line(self, a: int, b: int) -> tuple[float, float]:
        """Return slope and rms residual of the straight line through rows ``a .. b - 1``."""
        n, y = b - a, self.y[b] - self.y[a]
        squares = n * (n * n - 1) / 12
        slope = (self.ty[b] - self.ty[a] - (a + b - 1) / 2 * y) / squares
        rest = self.yy[b] - self.yy[a] - y * y / n - slope * slope * squares
        return float(slope), float(np.sqrt(max(rest, 0.0) / n))


def straight_part(curve: Array, plateau: float, period: int) -> tuple[int, int] | None:
    """Return the first row of the straight part that rises most and that behind its last, or None.

    It is at least a period long (oscillations within one are no slope) and goes a quarter of the
    way up to the plateau, the slopes of its halves differ by a quarter at most, and it ends where
    three fifths of that way are gone.
    """
    way = plateau - curve[0]
    above = curve > curve[0] + TOP * way
    stop = int(np.argmax(above)) if above.any() else len(curve)
    sums, pace = _Sums.of(curve), max(1, period // 8)
    least, found = max(FEWEST, period), [(RISE * way, -1, -1)]
    for a in range(0, stop, pace):
        for b in range(a + least, stop + 1, pace):
            slope, rms = sums.line(a, b)
            rise = slope * (b - 1 - a)
            if rise > found[-1][0] and rms < OFF * rise and _even(sums, a, b):
                found.append((rise, a, b))
    return found[-1][1:] if len(found) > 1 else None


def _even(sums: _Sums, a: int, b: int) -> bool:
    """Tell whether both halves rise alike."""
    half = (b - a) // 2
    first, last = sums.line(a, b - half)[0], sums.line(a + half, b)[0]
    return 0 < max(first, last) <= BEND * min(first, last)
