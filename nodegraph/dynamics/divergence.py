"""The largest Lyapunov exponent of a system of which there is a series only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Divergence", "largest_exponent"]


class Divergence(NamedTuple):
    """How neighbours in a series part.

    Parameters
    ----------
    exponent : float
        Slope of `logs` over the rows of `fit`, in 1 / time.
    times : ndarray, shape (n,)
    logs : ndarray, shape (n,)
        Mean logarithm of the distance of neighbours after each of `times`.
    fit : tuple of int
        The first row that the slope is taken over, and that behind the last.
    """

    exponent: float
    times: Array
    logs: Array
    fit: tuple[int, int]


@known_arguments
def largest_exponent(
    series: Any,
    dt: float = 1.0,
    *,
    dimension: int | None = None,
    lag: int = 1,
    apart: int | None = None,
    horizon: int | None = None,
    fit: tuple[int, int] | None = None,
) -> Divergence:
    """Return the largest Lyapunov exponent by how fast neighbours in the series part.

    ``d_j(i) ~ C_j exp(lambda i dt)``: lambda is the slope of the mean of ``log d_j(i)`` over all
    rows j and their nearest neighbours.

    Parameters
    ----------
    series : array_like, shape (T, d) or (T,)
    dt : float
        Time between rows.
    dimension : int, optional
        How many delayed rows make a state; by default 1, and 5 of a series of one column.
    lag : int
        Rows between them.
    apart : int, optional
        How many rows apart neighbours must be in time; by default the mean period of the first
        column.
    horizon : int, optional
        For how many rows they are followed; by default 5 mean periods, at least 20 rows.
    fit : (int, int), optional
        Rows of the curve that are straight; by default from the first turn of directions to where
        three fifths of the way to the plateau are gone. `nodegraph.plotting.divergence` shows it.

    Raises
    ------
    DataError
        If there are too few rows.

    References
    ----------
    M. T. Rosenstein, J. J. Collins, C. J. De Luca, A practical method for calculating largest
    Lyapunov exponents from small data sets, Physica D 65 (1993) 117-134.

    Examples
    --------
    >>> import nodegraph as ng
    >>> x = ng.datasets.logistic_map(4000, r=4.0, x0=0.3)
    >>> round(ng.dynamics.largest_exponent(x, dimension=1).exponent, 1)
    0.7
    """
    where = "largest_exponent"
    rows, dt = to_rows(series, f"{where}: series"), real(f"{where}.dt", dt, above=0.0)
    lag = whole(f"{where}.lag", lag)
    count = (5 if rows.shape[1] == 1 else 1) if dimension is None else dimension
    count = whole(f"{where}.dimension", count)
    period = _period(rows[:, 0])
    apart = period if apart is None else whole(f"{where}.apart", apart)
    ahead = max(20, 5 * period) if horizon is None else horizon
    horizon = whole(f"{where}.horizon", ahead, least=2)
    n = len(rows) - (count - 1) * lag
    if n - horizon <= 2 * apart + 1:
        raise DataError(
            f"{where}: {len(rows)} rows are too few to follow neighbours {apart} rows apart for "
            f"{horizon}; give more rows, or a shorter horizon"
        )
    points = np.hstack([rows[k * lag : k * lag + n] for k in range(count)])
    logs = _logs(points, _neighbours(points[: n - horizon], apart), horizon)
    times = dt * np.arange(len(logs))
    start, stop = _straight(logs) if fit is None else (int(fit[0]), int(fit[1]))
    if not 0 <= start < stop - 1 < len(logs):
        raise DataError(f"{where}.fit: should be two rows of {len(logs)}, got {(start, stop)}")
    slope = float(np.polyfit(times[start:stop], logs[start:stop], 1)[0])
    return Divergence(slope, times, logs, (start, stop))


def _period(x: Array) -> int:
    """Return the mean period of a series, in rows: one over the mean frequency of its power."""
    power = np.abs(np.fft.rfft(x - x.mean())) ** 2
    mean = float((power * np.arange(len(power))).sum() / (power.sum() or 1.0))
    return max(1, round(len(x) / max(mean, 1.0)))


def _neighbours(points: Array, apart: int) -> Array:
    """Return the nearest other point of each that is more than `apart` rows away; -1 if none."""
    from scipy.spatial import KDTree

    tree, found = KDTree(points), np.full(len(points), -1)
    asked, waiting = 4, np.arange(len(points))
    while len(waiting):
        asked = min(2 * asked, len(points))
        near: Array = np.asarray(tree.query(points[waiting], k=asked)[1])
        far = np.abs(near - waiting[:, None]) > apart
        there = far.any(axis=1)
        found[waiting[there]] = near[there, far[there].argmax(axis=1)]
        waiting = waiting[~there] if asked < len(points) else waiting[:0]
    return found


def _logs(points: Array, neighbour: Array, horizon: int) -> Array:
    own = np.flatnonzero(neighbour >= 0)
    logs = []
    for i in range(horizon + 1):
        distance = np.linalg.norm(points[own + i] - points[neighbour[own] + i], axis=1)
        logs.append(float(np.log(distance[distance > 0]).mean()))
    return np.array(logs)


def _straight(logs: Array) -> tuple[int, int]:
    """Return the rows from where directions have turned to where the plateau comes near."""
    low, high = logs[0], float(np.median(logs[-max(1, len(logs) // 5) :]))
    gone = (logs - low) / (high - low or 1.0)
    stop = int(np.argmax(gone > 0.6)) if (gone > 0.6).any() else len(logs)
    start = int(np.argmax(gone > 0.1)) if stop > 10 else 0
    return (start, stop + 1) if stop - start >= 2 else (0, min(len(logs), 4))
