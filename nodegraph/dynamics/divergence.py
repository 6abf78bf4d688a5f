"""The largest Lyapunov exponent of a system of which there is a series only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import real, whole
from nodegraph.data.series import to_rows
from nodegraph.dynamics.neighbours import PARTS, Curve, Look, parting
from nodegraph.dynamics.straight_part import straight_part
from nodegraph.errors import DataError, warn
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Divergence", "largest_exponent"]


PERIODS, FAR = 12, 0.9  # neighbours are followed so long, or so far on the way to the plateau
FLOW = 8  # rows of a mean period from which on a series is one of a flow
UNSURE = 0.25  # of the exponent: an error that is told of
ENOUGH = 100  # mean periods


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
    error : float
        How much the exponent depends on how it is found: the root of the sum of the squares of its
        standard error among quarters of the rows, half the difference between the halves of the
        straight part, and the largest difference to those with one dimension more or less, a lag
        half as long again, and distances taken across the flow (or not). NaN where there is no
        straight part, or another way of looking shows none.
    """

    exponent: float
    times: Array
    logs: Array
    fit: tuple[int, int]
    error: float = float("nan")

    def __repr__(self) -> str:
        return (
            f"Divergence(exponent={self.exponent:.4g}, error={self.error:.4g}, "
            f"fit={self.fit}, {len(self.times)} times)"
        )


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
    across: bool = False,
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
    across : bool
        Whether distances are taken across the flow, without what they have along the mean of the
        steps of both rows. Neighbours in a flow of which few rows are kept are apart along it at
        first, which does not grow: of Rössler's .0714, with a step of .1, .057 is found so, and
        .065 across.

    Notes
    -----
    A `DataWarning` says so where `error` is more than a quarter of the exponent, or NaN, and no
    `fit` is given: the rule with fewer than about 100 mean periods of the first column.
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
    look = Look(count, lag, bool(across))
    curve = parting(rows, look, apart, followed, far)
    if fit is not None:
        fit = int(fit[0]), int(fit[1])
        if not 0 <= fit[0] < fit[1] - 1 < len(curve.logs):
            raise DataError(f"{where}.fit: should be two rows of {len(curve.logs)}, got {fit}")
    fastest = min(_period(each) for each in rows.T)
    part = straight_part(curve.logs, curve.plateau, fastest) if fit is None else fit
    if part is None:
        return _nowhere(curve, dt)
    others = [
        parting(rows, other, apart, followed, far)
        for other in _other_looks(look, rows.shape[1], period)
    ]
    found = [_slope_of(each, fastest, fit) for each in others]
    told = _over(curve.logs, dt, part)._replace(error=_error(curve, part, found) / dt)
    return told if fit is not None else _sure(told, len(rows) // period)


def _other_looks(look: Look, columns: int, period: int) -> list[Look]:
    """Return other ways to look at a series that should tell the same."""
    dimension, lag, across = look
    looks = [Look(dimension + 1, lag, across), Look(dimension + 1, lag + (lag + 1) // 2, across)]
    if dimension > 1:
        looks.append(Look(dimension - 1, lag, across))
    if period >= FLOW and dimension * columns > 1:
        looks.append(look._replace(across=not across))
    return looks


def _slope_of(curve: Curve, period: int, fit: tuple[int, int] | None) -> float:
    """Return the slope of the straight part in a row, or over the rows of `fit`; NaN if none."""
    part = straight_part(curve.logs, curve.plateau, period) if fit is None else fit
    return float("nan") if part is None else _slope(curve.logs[slice(*part)])


def _slope(logs: Array) -> float:
    return float(np.polyfit(np.arange(len(logs)), logs, 1)[0]) if len(logs) > 1 else float("nan")


def _error(curve: Curve, part: tuple[int, int], others: list[float]) -> float:
    """Return how far off the slope of a straight part may be; see `Divergence`."""
    rows = slice(*part)
    logs, half = curve.logs[rows], (part[1] - part[0]) // 2
    quarters = np.std([_slope(each) for each in curve.parts[rows].T], ddof=1) / np.sqrt(PARTS)
    halves = (_slope(logs[: half + 1]) - _slope(logs[-half - 1 :])) / 2
    looks = np.max(np.abs(np.array(others) - _slope(logs)))  # NaN if there is one
    return float(np.sqrt(quarters**2 + halves**2 + looks**2))


def _sure(found: Divergence, periods: int) -> Divergence:
    """Return what was found; warn if its error is large."""
    error = found.error
    if not error <= UNSURE * abs(found.exponent):
        within = "and another dimension or lag shows no straight part"
        if np.isfinite(error):
            within = f"within {error:.2g} only"
        enough = f", and {ENOUGH} are needed as a rule" if periods < ENOUGH else ""
        warn(
            f"largest_exponent: {found.exponent:.3g} {within}: the series has {periods} mean "
            f"periods{enough}. Give more rows, or look at nodegraph.plotting.divergence and give "
            "fit="
        )
    return found


def _nowhere(curve: Curve, dt: float) -> Divergence:
    """Return the slope of the whole curve, or NaN, and warn: no part of it is straight."""
    logs, plateau = curve.logs, curve.plateau
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
