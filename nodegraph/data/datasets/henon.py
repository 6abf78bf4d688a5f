"""The Hénon map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import bounded, count_rows, real, vector
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["henon"]


@known_arguments
def henon(
    steps: int,
    a: float = 1.4,
    b: float = 0.3,
    x0: Sequence[float] = (0.0, 0.0),
    discard: int = 0,
) -> Array:
    """Return the Hénon map, a chaotic map of the plane.

    ``x[t+1] = 1 - a x[t]**2 + y[t]``, ``y[t+1] = b x[t]``.

    Parameters
    ----------
    steps : int
        Rows to return.
    a, b : float
        Folding and contraction.
    x0 : sequence of 2 floats
        The first row.
    discard : int
        Rows left out at the beginning.

    Returns
    -------
    array, shape (steps, 2)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or the state leaves all bounds.

    References
    ----------
    M. Hénon, A two-dimensional mapping with a strange attractor, Commun. Math. Phys. 50 (1976)
    69-77.

    Examples
    --------
    >>> [round(float(x), 4) for x in henon(4)[:, 0]]
    [0.0, 1.0, -0.4, 1.076]
    """
    steps, discard = count_rows("henon", steps, discard, width=20)
    a, b = real("henon.a", a), real("henon.b", b)
    x, y = vector("henon.x0", x0, 2).tolist()
    rows = [(x, y)]
    for _ in range(steps + discard - 1):
        x, y = 1.0 - a * x * x + y, b * x
        rows.append((x, y))
    return bounded("henon", np.array(rows), "write another x0, a or b")[discard:]
