"""The logistic map."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import Equations
from nodegraph.data.ranges import count_rows, real
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["LOGISTIC", "logistic_map"]

LOGISTIC = Equations(
    "logistic_map",
    lambda x, r: (r * x * (1.0 - x),),
    {"r": 3.9},
    x0=(0.3,),  # at 0.5 the map is flat, and all directions end
    exponents=(0.4949,),
)


@known_arguments
def logistic_map(steps: int, r: float = 3.9, x0: float = 0.3, discard: int = 0) -> Array:
    """Return the logistic map, the simplest chaotic one.

    ``x[t+1] = r x[t] (1 - x[t])``.

    Parameters
    ----------
    steps : int
        Rows to return.
    r : float
        Growth, from 0 to 4.
    x0 : float
        The first row, from 0 to 1.
    discard : int
        Rows left out at the beginning.

    Returns
    -------
    array, shape (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    R. M. May, Simple mathematical models with very complicated dynamics, Nature 261 (1976)
    459-467.

    Examples
    --------
    >>> [round(float(x), 4) for x in logistic_map(3, r=4.0, x0=0.2)[:, 0]]
    [0.2, 0.64, 0.9216]
    """
    steps, discard = count_rows("logistic_map", steps, discard, width=6)
    r = real("logistic_map.r", r, low=0.0, high=4.0)
    x = real("logistic_map.x0", x0, low=0.0, high=1.0)
    values = [x]
    for _ in range(steps + discard - 1):
        x = r * x * (1.0 - x)
        values.append(x)
    return np.array(values[discard:])[:, None]
