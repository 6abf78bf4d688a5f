"""The Hénon map."""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import Equations
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["HENON", "henon"]

HENON = Equations(
    "henon",
    lambda x, y, a, b: (1.0 - a * x * x + y, b * x),
    {"a": 1.4, "b": 0.3},
    x0=(0.0, 0.0),
    exponents=(0.4192, -1.6232),
)


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
    return HENON.series(steps, x0, discard, {"a": a, "b": b})
