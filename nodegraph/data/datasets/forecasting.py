"""From a series to inputs and targets that lie ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.data.ranges import whole
from nodegraph.data.series import split_series, to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["to_forecasting"]


@known_arguments
def to_forecasting(x: Any, horizon: int = 1) -> tuple[Any, Any]:
    """Return `x` without its end, and `x` that many steps later: ``y[t] = x[t + horizon]``.

    Parameters
    ----------
    x : array_like, shape (T, d), or list of such, or array of shape (S, T, d)
        One series, or independent ones; NaN stays, a model says what it takes.
    horizon : int
        Steps ahead, at least 1.

    Returns
    -------
    x, y : arrays of shape (T - horizon, d), in the form in which `x` came

    Raises
    ------
    DataError
        If a series has no more than `horizon` rows.

    Examples
    --------
    >>> x, y = to_forecasting([[1.0], [2.0], [3.0]])
    >>> x.tolist(), y.tolist()
    ([[1.0], [2.0]], [[2.0], [3.0]])
    """
    horizon = whole("to_forecasting.horizon", horizon)
    parts, form = split_series(x, "to_forecasting")
    series = [
        to_rows(part, f"to_forecasting, series {i}", gaps=True) for i, part in enumerate(parts)
    ]
    shortest = min(len(rows) for rows in series)
    if shortest <= horizon:
        raise DataError(
            f"to_forecasting: horizon {horizon} leaves nothing of a series of {shortest} rows; "
            f"write at most {shortest - 1}"
        )
    inputs, targets = [rows[:-horizon] for rows in series], [rows[horizon:] for rows in series]
    if form == "one":
        return inputs[0], targets[0]
    return (np.stack(inputs), np.stack(targets)) if form == "array" else (inputs, targets)
