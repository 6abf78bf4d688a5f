"""How far forecasts lie from the truth at their last step, over many forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import ROUNDING
from nodegraph.data.metrics.pairing import pair_series, same_shape
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["nrmse_at_end"]


@known_arguments
def nrmse_at_end(y: Any, y_hat: Any) -> float:
    """Return the `nrmse` of the last row of each series, by the spread of all rows of all series.

    ``sqrt(mean_s (y_s[-1] - y_hat_s[-1])^2) / std(y)``, and the mean of that over columns: of 84
    steps of Mackey-Glass in each window it is the NRMSE_84 of [1]_.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        What came, and what was forecast, in each window. Rows of `y` with a NaN are left out; of a
        window whose last row has one nothing is scored.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite, no end is known, or a column of y is constant.

    References
    ----------
    .. [1] H. Jaeger, H. Haas, Science 304 (2004) 78-80.

    Examples
    --------
    >>> came = np.array([[[0.0], [2.0]], [[0.0], [2.0]]])
    >>> round(nrmse_at_end(came, np.array([[[0.0], [2.0]], [[5.0], [1.0]]])), 6)
    0.707107
    """
    where = "nrmse_at_end"
    pairs = [
        (target, same_shape(where, target, to_rows(prediction, f"{where}: y_hat")))
        for target, prediction in pair_series(where, y, y_hat)
    ]
    rows = np.concatenate([target[~np.isnan(target).any(axis=1)] for target, _ in pairs])
    off = np.array([target[-1] - guess[-1] for target, guess in pairs])
    off = off[~np.isnan(off).any(axis=1)]
    if not len(off):
        raise DataError(f"{where}: the last row of every window of y has a NaN, so there is no end")
    spread = rows.std(axis=0)
    if (spread <= ROUNDING * np.abs(rows).max(axis=0)).any():
        raise DataError(f"{where}: y is constant, so there is no spread to divide by; write rmse")
    return float((np.sqrt(np.square(off).mean(axis=0)) / spread).mean())
