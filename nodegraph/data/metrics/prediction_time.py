"""For how long a forecast of a chaotic system holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nodegraph.arrays import ROUNDING, Array
from nodegraph.data.metrics.pairing import pair_series, same_shape
from nodegraph.data.ranges import real
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["valid_prediction_time"]


@known_arguments
def valid_prediction_time(
    y: Any,
    y_hat: Any,
    threshold: float = 0.4,
    dt: float | None = None,
    lyapunov: float | None = None,
    scale: float | None = None,
) -> float:
    """Return how long the error of a forecast stays at or below a threshold.

    ``e[t] = ||y[t] - y_hat[t]|| / sqrt(mean_s ||y[s] - mean(y)||**2)``; the time is that of the
    first row with ``e > threshold``, or of all rows if there is none. A forecast that is not finite
    has ended.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        True and forecast series; of several the mean time is returned.
    threshold : float
        Normalised error at which a forecast ends.
    dt : float, optional
        Time between rows. Without it the result is in rows.
    lyapunov : float, optional
        Largest Lyapunov exponent, in 1 / time; makes the result a multiple of ``1 / lyapunov``.
    scale : float, optional
        What to divide by in place of the spread of `y`, such as that of a longer series.

    Returns
    -------
    float
        Rows, time, or Lyapunov times.

    Raises
    ------
    DataError
        If shapes differ, `y` is constant, or `lyapunov` is given without `dt`.

    References
    ----------
    J. Pathak et al., Hybrid forecasting of chaotic processes, Chaos 28 (2018) 041101.

    Examples
    --------
    >>> valid_prediction_time([0.0, 2.0, 0.0, 2.0], [0.0, 2.0, 0.1, 0.0])
    3.0
    """
    where = "valid_prediction_time"
    threshold = real(f"{where}.threshold", threshold, above=0.0)
    unit = _unit(where, dt, lyapunov)
    size = None if scale is None else real(f"{where}.scale", scale, above=0.0)
    rows = [
        _valid_rows(
            target, same_shape(where, target, _forecast(where, prediction)), threshold, size
        )
        for target, prediction in pair_series(where, y, y_hat)
    ]
    return float(np.mean(rows)) * unit


def _unit(where: str, dt: float | None, lyapunov: float | None) -> float:
    if lyapunov is not None and dt is None:
        raise DataError(f"{where}: lyapunov needs the time between rows; write dt=... as well")
    step = 1.0 if dt is None else real(f"{where}.dt", dt, above=0.0)
    return step * (1.0 if lyapunov is None else real(f"{where}.lyapunov", lyapunov, above=0.0))


def _forecast(where: str, prediction: Any) -> Array:
    """Return `prediction` as rows; it may hold anything once it has diverged."""
    try:
        rows = np.asarray(prediction, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{where}: y_hat should be numbers of shape (T, d)") from None
    return rows[:, None] if rows.ndim == 1 else rows


def _valid_rows(y: Array, y_hat: Array, threshold: float, scale: float | None) -> int:
    if np.isnan(y).any():
        raise DataError("valid_prediction_time: y has a NaN; cut the series before it")
    scale = math.sqrt(y.var(axis=0).sum()) if scale is None else scale
    if scale <= ROUNDING * np.abs(y).max():
        raise DataError("valid_prediction_time: y is constant; write scale=... to divide by")
    with np.errstate(all="ignore"):
        errors = np.linalg.norm(y - y_hat, axis=1) / scale
    ended = ~(errors <= threshold)
    return int(np.argmax(ended)) if ended.any() else len(y)
