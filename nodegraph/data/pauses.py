"""Which steps of a series are longer than they should be: not its nights and weekends."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array

__all__ = ["RARE", "long_steps", "usual_step"]

RARE = 0.05  # of all steps: what is odd more often than this may be how the series was sampled
GAP = 1.5  # times the usual step; months and years differ by less
FAR = 2  # times the usual pause: a weekend may be a day or two longer
FEWEST = 4  # pauses that tell whether they come back


def usual_step(steps: Array) -> Any:
    """Return the step that most rows take; the median, where no two in five are equal.

    Examples
    --------
    >>> usual_step(np.array([1, 1, 3, 5, 9])), usual_step(np.array([0.9, 1.1, 1, 3]))
    (np.int64(1), np.float64(1.05))
    """
    if not len(steps):
        return steps.dtype.type(0)
    values, counts = np.unique(steps, return_counts=True)
    most = int(counts.argmax())
    return values[most] if counts[most] >= 0.4 * len(steps) else np.median(steps)


def long_steps(starts: Array, steps: Array, usual: Any) -> Array:
    """Return which steps are gaps: longer than 1.5 times the usual one, but for pauses.

    Pauses begin a regular time apart, half of them or more, as nights and weekends do; of them
    those are gaps that last more than twice as long as the others. Too few to tell are none,
    where they are a large part of all steps.

    Parameters
    ----------
    starts, steps : array (n_steps,)
        The time from which each step goes, and how long it is.
    """
    gaps: Array = steps > GAP * usual
    while gaps.any() and _come_back(starts[gaps], 2 if gaps.mean() > RARE else FEWEST):
        gaps = steps > FAR * np.median(steps[gaps])
    if gaps.any():
        gaps &= ~_weekends(starts, steps)
        gaps &= gaps.sum() >= FEWEST or gaps.mean() <= RARE
    return gaps


def _come_back(starts: Array, fewest: int) -> bool:
    """Tell whether half of the times are equally far from the next one, or from one behind it."""
    for lag in (1, 2, 3):
        apart = starts[lag:] - starts[:-lag]
        if len(apart) >= FEWEST - 1:
            period = np.median(apart)
            near = np.abs(apart - period) <= period / 10
            if near.mean() >= 0.5 and near.sum() >= fewest:
                return True
    return False


def _weekends(starts: Array, steps: Array) -> Array:
    """Return which steps lead over a weekend and no other day, where no row is of a weekend."""
    if starts.dtype.kind != "M":
        return np.zeros(len(steps), bool)
    first, last = starts.astype("M8[D]"), (starts + steps).astype("M8[D]")
    if not (np.is_busday(first).all() and np.is_busday(last).all()):
        return np.zeros(len(steps), bool)
    days = (last - first).astype(int)
    over: Array = (np.busday_count(first, last) == 1) & (days > 1)
    return over
