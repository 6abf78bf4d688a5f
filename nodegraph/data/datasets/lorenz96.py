"""The Lorenz system of 1996: a ring of coupled variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import System, flow_system
from nodegraph.data.datasets.runge_kutta import sample_flow
from nodegraph.data.ranges import exclusive, generator, real, vector, whole
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["lorenz96", "lorenz96_system"]


@known_arguments
def lorenz96(
    steps: int,
    units: int = 36,
    F: float = 8.0,
    h: float = 0.05,
    x0: Sequence[float] | None = None,
    seed: int | None = None,
    substeps: int = 1,
    discard: int = 0,
) -> Array:
    """Return the Lorenz-96 system, waves that run around a ring.

    ``dx[i]/dt = (x[i+1] - x[i-2]) x[i-1] - x[i] + F``, indices modulo `units`.

    Parameters
    ----------
    steps : int
        Rows to return.
    units : int
        Variables on the ring, at least 4.
    F : float
        Forcing; 8 is chaotic.
    h : float
        Time between rows.
    x0 : sequence of `units` floats, optional
        State at time 0, the first row; by default the fixed point `F` with 0.01 added to the
        first variable.
    seed : int, optional
        Adds normal numbers of standard deviation 0.01 to the fixed point; instead of `x0`.
    substeps : int
        Runge-Kutta steps of order four from row to row.
    discard : int
        Rows left out at the beginning.

    Returns
    -------
    array, shape (steps, units)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or the state leaves all bounds.

    References
    ----------
    E. N. Lorenz, Predictability: a problem partly solved, ECMWF Seminar on Predictability (1996).

    Examples
    --------
    >>> lorenz96(500, units=8).shape
    (500, 8)
    """
    exclusive("lorenz96", x0=x0, seed=seed)
    units, F = whole("lorenz96.units", units, least=4), real("lorenz96.F", F)
    start = _start(units, F, seed) if x0 is None else vector("lorenz96.x0", x0, units)
    return sample_flow(
        "lorenz96", _field(units, F), start, steps=steps, h=h, substeps=substeps, discard=discard
    )


def lorenz96_system(
    units: int = 36, F: float = 8.0, h: float = 0.05, seed: int | None = None, substeps: int = 1
) -> System:
    """Return the map from one row of `lorenz96` to the next."""
    units, F = whole("lorenz96.units", units, least=4), real("lorenz96.F", F)
    return flow_system("lorenz96", _field(units, F), _start(units, F, seed), h, substeps)


def _field(units: int, F: float) -> Callable[[Array], Array]:
    index = np.arange(units)
    after, before, before_that = (index + 1) % units, index - 1, index - 2

    def field(x: Array) -> Array:
        velocity: Array = (x[after] - x[before_that]) * x[before] - x + F
        return velocity

    return field


def _start(units: int, F: float, seed: int | None) -> Array:
    if seed is not None:
        return F + 0.01 * generator("lorenz96", seed).standard_normal(units)
    x = np.full(units, F)
    x[0] += 0.01
    return x
