"""The largest Lyapunov exponent of a system of which there is a series only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.dynamics.straight_part import straight_part
from nodegraph.errors import DataError, warn
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Divergence", "largest_exponent"]


PERIODS, FAR = 12, 0.9  # neighbours are followed so long, or so far on the way to the plateau


class Divergence(NamedTuple):
    """How neighbours in a series part.

    Parameters
    ----------
    exponent : float
        Slope of `logs` over the rows of `fit`, in 1 / time; NaN if they rise, but nowhere straight.
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
    lag: int | None = None,
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
    lag : int, optional
        Rows between them; by default half of those after which the autocorrelation of the first
        column is below 1/e.
    apart : int, optional
        How many rows apart neighbours must be in time; by default the mean period of the first
        column.
    horizon : int, optional
        For how many rows they are followed; by default 12 mean periods, at least 20 rows and at
        most a quarter of all, or until nine tenths of the way to the plateau are gone.
    fit : (int, int), optional
        Rows of the curve that are straight; by default those that rise most of all that are at
        least a mean period of the fastest column long, go up a quarter of the way from the start
        to the plateau (the mean logarithm of distances of any two rows) below its upper two fifths,
        and whose halves have slopes that differ by a quarter at most.
        `nodegraph.plotting.divergence` shows it.

    Notes
    -----
    Where nothing is straight, as in noise, a `DataWarning` says so and the exponent is NaN; where
    neighbours stay together, as in what is periodic, it says that and the slope is that of the
    whole curve. A number from one column is good to some 20 %: pairs fill the attractor long
    before the plateau. `nodegraph.dynamics.lyapunov_exponents` of the equations has no such limit.

    Raises
    ------
    DataError
        If there are too few rows, or they never change.

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
    if not np.ptp(rows, axis=0).any():
        raise DataError(f"{where}: the series never changes, so that nothing can part")
    count = (5 if rows.shape[1] == 1 else 1) if dimension is None else dimension
    count = whole(f"{where}.dimension", count)
    lag = _lag(rows[:, 0]) if lag is None else whole(f"{where}.lag", lag)
    period = _period(rows[:, 0])
    apart = period if apart is None else whole(f"{where}.apart", apart)
    far = FAR if horizon is None and fit is None else np.inf
    followed = max(20, min(PERIODS * period, len(rows) // 4)) if horizon is None else horizon
    followed = whole(f"{where}.horizon", followed, least=2)
    points = _states(rows, count, lag, 2 * apart + 1 + followed)
    plateau = _plateau(points)
    logs = _logs(points, _neighbours(points[: len(points) - followed], apart), plateau, far)
    if fit is None:
        return _found(logs, plateau, min(_period(each) for each in rows.T), dt)
    start, stop = int(fit[0]), int(fit[1])
    if not 0 <= start < stop - 1 < len(logs):
        raise DataError(f"{where}.fit: should be two rows of {len(logs)}, got {(start, stop)}")
    return _over(logs, dt, (start, stop))


def _states(rows: Array, count: int, lag: int, beyond: int) -> Array:
    """Return `count` rows `lag` apart side by side; there must be more than `beyond`."""
    n = len(rows) - (count - 1) * lag
    if n <= beyond:
        raise DataError(
            f"largest_exponent: {len(rows)} rows are too few to follow neighbours; more than "
            f"{beyond + (count - 1) * lag} are needed, or a shorter horizon, apart or lag"
        )
    return np.hstack([rows[k * lag : k * lag + n] for k in range(count)])


def _found(logs: Array, plateau: float, period: int, dt: float) -> Divergence:
    """Return the slope of the straight part; warn if there is none."""
    part = straight_part(logs, plateau, period)
    if part is not None:
        return _over(logs, dt, part)
    whole_curve = _over(logs, dt, (0, len(logs)))
    if logs.max() - logs[0] < 0.25 * (plateau - logs[0]):
        warn(
            "largest_exponent: neighbours stay together, as in a series that is periodic; the "
            "exponent is the slope of the whole curve. If they should part later, give horizon="
        )
        return whole_curve
    warn(
        "largest_exponent: no part of the curve is straight, as in noise, or with too few rows, "
        "so that the exponent is NaN. Look at nodegraph.plotting.divergence, and give fit="
    )
    return whole_curve._replace(exponent=float("nan"))


def _over(logs: Array, dt: float, fit: tuple[int, int]) -> Divergence:
    times, rows = dt * np.arange(len(logs)), slice(*fit)
    return Divergence(float(np.polyfit(times[rows], logs[rows], 1)[0]), times, logs, fit)


def _lag(x: Array) -> int:
    """Return half of the rows after which the autocorrelation of a series is below 1/e."""
    power = np.abs(np.fft.rfft(x - x.mean(), 2 * len(x))) ** 2
    correlation = np.fft.irfft(power)[: len(x)]
    return max(1, int(np.argmax(correlation < correlation[0] / np.e)) // 2)


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


def _plateau(points: Array) -> float:
    """Return the mean logarithm of the distance of any two points."""
    other = points[np.random.default_rng(0).permutation(len(points))]
    return _mean_log(points, other)


def _logs(points: Array, neighbour: Array, plateau: float, far: float) -> Array:
    """Return the mean log of distances after each step, until `far` on the way to the plateau."""
    own = np.flatnonzero(neighbour >= 0)
    logs: list[float] = []
    for i in range(len(points) - len(neighbour) + 1):
        logs.append(_mean_log(points[own + i], points[neighbour[own] + i]))
        if i >= 20 and logs[-1] - logs[0] > far * (plateau - logs[0]):
            break
    return np.array(logs)


def _mean_log(a: Array, b: Array) -> float:
    """Return the mean logarithm of distances above 0; of the least above 0 if there is none."""
    distance = np.linalg.norm(a - b, axis=1)
    distance = distance[distance > 0]
    return float(np.log(distance).mean() if len(distance) else np.log(np.finfo(float).tiny))
