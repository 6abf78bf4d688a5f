"""Monthly sunspot numbers: two and a half centuries of a real star."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["sunspots"]


@known_arguments
def sunspots(steps: int | None = None) -> Array:
    """Return the monthly mean sunspot numbers from January 1749 to June 2009.

    Parameters
    ----------
    steps : int, optional
        Rows to return, from the first; all by default.

    Returns
    -------
    array, shape (steps, 1)
        Wolf numbers, at least 0.

    Raises
    ------
    DataError
        If there are fewer than `steps` months.

    References
    ----------
    National Geophysical Data Center, monthly sunspot numbers; public domain.

    Examples
    --------
    >>> float(sunspots()[0, 0])
    58.0
    """
    with (files("nodegraph.data.datasets") / "data" / "sunspots_monthly.csv").open(
        encoding="utf-8"
    ) as table:
        series: Array = np.loadtxt(table, delimiter=",", skiprows=1, usecols=[2], ndmin=2)
    rows = len(series) if steps is None else whole("sunspots.steps", steps)
    if rows > len(series):
        raise DataError(f"sunspots.steps: there are {len(series)} months (got {rows})")
    return series[:rows]
