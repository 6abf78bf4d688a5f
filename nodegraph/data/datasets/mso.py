"""Multiple superimposed oscillators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, vector
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["mso"]


@known_arguments
def mso(steps: int, freqs: Sequence[float] = (0.2, 0.311)) -> Array:
    """Return a sum of sines whose periods have no common multiple.

    ``x[t] = sum_i sin(freqs[i] t)``. The usual eight are 0.2, 0.311, 0.42, 0.51, 0.63, 0.74,
    0.85 and 0.97.

    Parameters
    ----------
    steps : int
        Rows to return.
    freqs : sequence of float
        Angular frequencies, in radians a step.

    Returns
    -------
    array, shape (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    H. Jaeger, H. Haas, Harnessing nonlinearity, Science 304 (2004) 78-80.

    Examples
    --------
    >>> round(float(mso(100)[1, 0]), 4)
    0.5047
    """
    omega = vector("mso.freqs", freqs)
    steps, _ = count_rows("mso", steps, 0, width=3 * omega.size)
    waves: Array = np.sin(np.arange(steps)[:, None] * omega)
    series: Array = waves.sum(axis=1, keepdims=True)
    return series
