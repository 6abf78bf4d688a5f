"""The Rössler system."""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import Equations
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["ROSSLER", "rossler"]

ROSSLER = Equations(
    "rossler",
    lambda x, y, z, a, b, c: (-y - z, x + a * y, b + z * (x - c)),
    {"a": 0.2, "b": 0.2, "c": 5.7},
    x0=(-0.1, 0.0, 0.02),
    h=0.1,
    exponents=(0.0714, 0.0, -5.3943),
)


@known_arguments
def rossler(
    steps: int,
    h: float = 0.1,
    x0: Sequence[float] = (-0.1, 0.0, 0.02),
    a: float = 0.2,
    b: float = 0.2,
    c: float = 5.7,
    substeps: int = 1,
    discard: int = 0,
) -> Array:
    """Return the Rössler system, a spiral that folds back on itself.

    ``dx/dt = -y - z``, ``dy/dt = x + a y``, ``dz/dt = b + z (x - c)``. With the default
    parameters the largest Lyapunov exponent is 0.0714.

    Parameters
    ----------
    steps : int
        Rows to return.
    h : float
        Time between rows.
    x0 : sequence of 3 floats
        State at time 0, the first row.
    a, b, c : float
        Parameters of the flow.
    substeps : int
        Runge-Kutta steps of order four from row to row.
    discard : int
        Rows left out at the beginning.

    Returns
    -------
    array, shape (steps, 3)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or the state leaves all bounds.

    References
    ----------
    O. E. Rössler, An equation for continuous chaos, Phys. Lett. A 57 (1976) 397-398.

    Examples
    --------
    >>> rossler(1000).shape
    (1000, 3)
    """
    return ROSSLER.series(steps, x0, discard, {"a": a, "b": b, "c": c}, h, substeps)
