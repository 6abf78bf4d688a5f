"""The Lorenz system of 1963."""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import Equations
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["LORENZ", "lorenz"]

LORENZ = Equations(
    "lorenz",
    lambda x, y, z, sigma, rho, beta: (sigma * (y - x), x * (rho - z) - y, x * y - beta * z),
    {"sigma": 10.0, "rho": 28.0, "beta": 8.0 / 3.0},
    x0=(1.0, 1.0, 1.0),
    h=0.02,
    exponents=(0.9056, 0.0, -14.5723),
)


@known_arguments
def lorenz(
    steps: int,
    h: float = 0.02,
    x0: Sequence[float] = (1.0, 1.0, 1.0),
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8.0 / 3.0,
    substeps: int = 1,
    discard: int = 0,
) -> Array:
    """Return the Lorenz system, three coupled variables that wander between two wings.

    ``dx/dt = sigma (y - x)``, ``dy/dt = x (rho - z) - y``, ``dz/dt = x y - beta z``. With the
    default parameters the largest Lyapunov exponent is 0.9056.

    Parameters
    ----------
    steps : int
        Rows to return.
    h : float
        Time between rows.
    x0 : sequence of 3 floats
        State at time 0, the first row.
    sigma, rho, beta : float
        Prandtl number, Rayleigh number over its critical value, aspect ratio of the cells.
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
    E. N. Lorenz, Deterministic nonperiodic flow, J. Atmos. Sci. 20 (1963) 130-141.

    Examples
    --------
    >>> lorenz(5000).shape
    (5000, 3)
    """
    parameters = {"sigma": sigma, "rho": rho, "beta": beta}
    return LORENZ.series(steps, x0, discard, parameters, h, substeps)
