"""How many of several targets are told, as a sum of squared correlations."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import ROUNDING, Array
from nodegraph.data.metrics.pairing import pair_rows
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["capacity"]


@known_arguments
def capacity(y: Any, y_hat: Any) -> float:
    """Return the sum over columns of ``corr(y, y_hat)**2``: of delayed inputs, the memory capacity.

    A column whose target or prediction is constant tells nothing and adds nothing.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.

    Returns
    -------
    float
        From 0 to d.

    Raises
    ------
    DataError
        If shapes differ or a prediction is not finite.

    References
    ----------
    H. Jaeger, Short term memory in echo state networks, GMD Report 152 (2002).

    Examples
    --------
    >>> capacity([[0, 1], [1, 1], [2, 0]], [[3, 0], [5, 0], [7, 0]])
    1.0
    """
    targets, predictions = (_about_mean(rows) for rows in pair_rows("capacity", y, y_hat))
    products = (targets * predictions).sum(axis=0)
    squares = np.square(targets).sum(axis=0) * np.square(predictions).sum(axis=0)
    return float(np.divide(products**2, squares, out=0 * squares, where=squares > 0).sum())


def _about_mean(rows: Array) -> Array:
    """Return columns about their means, in units of their size; zero where they are constant."""
    size = np.abs(rows).max(axis=0)
    about: Array = (rows - rows.mean(axis=0)) / np.where(size > 0, size, 1.0)
    return np.where(np.abs(about).max(axis=0) > ROUNDING, about, 0.0)
