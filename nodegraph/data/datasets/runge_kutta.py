"""The classical Runge-Kutta method of order four, for flows without memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import bounded, count_rows, real, whole

__all__ = ["runge_kutta", "sample_flow"]


def sample_flow(
    where: str,
    field: Callable[[Array], Array],
    x0: Array,
    *,
    steps: Any,
    h: Any,
    substeps: Any,
    discard: Any,
) -> Array:
    """Return `steps` samples of ``dx/dt = field(x)``, `h` apart, the first of them `x0`.

    Parameters
    ----------
    where : str
        Name of the data set, for errors.
    field : callable
        Velocity of a state of shape (d,).
    x0 : array, shape (d,)
        State at time 0.
    steps, discard : int
        Samples to return, and to leave out before them.
    h : float
        Time between two samples.
    substeps : int
        Runge-Kutta steps between two samples.

    Returns
    -------
    array, shape (steps, d)
    """
    steps, discard = count_rows(where, steps, discard, x0.size)
    substeps = whole(f"{where}.substeps", substeps)
    inner = real(f"{where}.h", h, above=0.0) / substeps
    series = np.empty((steps + discard, x0.size))
    x = series[0] = x0
    with np.errstate(all="ignore"):
        for row in range(1, len(series)):
            for _ in range(substeps):
                x = runge_kutta(field, x, inner)
            series[row] = x
    return bounded(where, series, "write a smaller h, more substeps or another x0")[discard:]


def runge_kutta(field: Callable[[Array], Array], x: Array, h: float) -> Array:
    """Return the state a step of `h` later."""
    k1 = field(x)
    k2 = field(x + (0.5 * h) * k1)
    k3 = field(x + (0.5 * h) * k2)
    k4 = field(x + h * k3)
    increment: Array = (h / 6.0) * (k1 + 2.0 * (k2 + k3) + k4)
    return x + increment
