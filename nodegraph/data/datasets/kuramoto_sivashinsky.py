"""The Kuramoto-Sivashinsky equation: chaos in space and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import System
from nodegraph.data.ranges import bounded, count_rows, exclusive, generator, real, vector, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["kuramoto_sivashinsky", "kuramoto_sivashinsky_system"]


@known_arguments
def kuramoto_sivashinsky(
    steps: int,
    units: int = 64,
    length: float = 22.0,
    h: float = 0.25,
    x0: Sequence[float] | None = None,
    seed: int | None = None,
    substeps: int = 1,
    discard: int = 0,
) -> Array:
    """Return the Kuramoto-Sivashinsky equation, flame fronts on a ring.

    ``du/dt = -u du/dx - d2u/dx2 - d4u/dx4``, periodic in x over `length`, solved in Fourier space
    by exponential time differencing with a Runge-Kutta method of order four.

    Parameters
    ----------
    steps : int
        Rows to return.
    units : int
        Points on the ring, an even number of at least 8.
    length : float
        Circumference; chaotic from about 22 on.
    h : float
        Time between rows.
    x0 : sequence of `units` floats, optional
        Values at time 0, the first row; by default ``cos(s) (1 + sin(s))`` with s once around.
    seed : int, optional
        Draws normal numbers of standard deviation 0.01 and mean zero; instead of `x0`.
    substeps : int
        Integration steps from row to row.
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
    A.-K. Kassam, L. N. Trefethen, Fourth-order time-stepping for stiff PDEs, SIAM J. Sci.
    Comput. 26 (2005) 1214-1233.

    Examples
    --------
    >>> bool(abs(kuramoto_sivashinsky(200).mean(axis=1)).max() < 1e-12)
    True
    """
    where = "kuramoto_sivashinsky"
    exclusive(where, x0=x0, seed=seed)
    units, substeps = whole(f"{where}.units", units, least=8), whole(f"{where}.substeps", substeps)
    if units % 2:
        raise DataError(f"{where}.units: should be even (got {units}); write {units + 1}")
    steps, discard = count_rows(where, steps, discard, units)
    scheme = _scheme(
        units,
        real(f"{where}.length", length, above=0.0),
        real(f"{where}.h", h, above=0.0) / substeps,
    )
    start = _start(units, seed) if x0 is None else vector(f"{where}.x0", x0, units)
    series = np.empty((steps + discard, units))
    series[0], v = start, np.fft.rfft(start)
    with np.errstate(all="ignore"):
        for row in range(1, len(series)):
            for _ in range(substeps):
                v = _step(scheme, v)
            series[row] = np.fft.irfft(v)
    return bounded(where, series, "write a smaller h, more substeps or another x0")[discard:]


def kuramoto_sivashinsky_system(
    units: int = 64, length: float = 22.0, h: float = 0.25, seed: int | None = None
) -> System:
    """Return the map from one row of `kuramoto_sivashinsky` to the next."""
    where = "kuramoto_sivashinsky"
    units, h = whole(f"{where}.units", units, least=8), real(f"{where}.h", h, above=0.0)
    scheme = _scheme(units, real(f"{where}.length", length, above=0.0), h)

    def step(u: Array) -> Array:
        return np.fft.irfft(_step(scheme, np.fft.rfft(u)), units)

    return System(where, step, _start(units, seed), h)


class _Scheme(NamedTuple):
    """What one step needs, for each wave number, shape (units // 2 + 1,)."""

    E: Array
    E_half: Array
    Q: Array
    f1: Array
    f2: Array
    f3: Array
    g: Array


def _scheme(units: int, length: float, h: float) -> _Scheme:
    k = 2.0 * np.pi / length * np.arange(units // 2 + 1)
    rates = h * (k**2 - k**4)
    circle = np.exp(1j * np.pi * (np.arange(1, 33) - 0.5) / 32)
    z = rates[:, None] + circle  # mean over a circle: no cancellation near zero
    ez = np.exp(z)
    k[-1] = 0.0  # the derivative of the highest wave has no real part
    return _Scheme(
        np.exp(rates),
        np.exp(rates / 2),
        h * ((np.exp(z / 2) - 1) / z).mean(axis=1).real,
        h * ((-4 - z + ez * (4 - 3 * z + z**2)) / z**3).mean(axis=1).real,
        h * ((2 + z + ez * (z - 2)) / z**3).mean(axis=1).real,
        h * ((-4 - 3 * z - z**2 + ez * (4 - z)) / z**3).mean(axis=1).real,
        -0.5j * k,
    )


def _step(scheme: _Scheme, v: Array) -> Array:
    E, E_half, Q, f1, f2, f3, g = scheme

    def bend(w: Array) -> Array:
        bent: Array = g * np.fft.rfft(np.fft.irfft(w) ** 2)
        return bent

    bent_v = bend(v)
    a = E_half * v + Q * bent_v
    bent_a = bend(a)
    bent_b = bend(E_half * v + Q * bent_a)
    bent_c = bend(E_half * a + Q * (2 * bent_b - bent_v))
    stepped: Array = E * v + f1 * bent_v + 2 * f2 * (bent_a + bent_b) + f3 * bent_c
    return stepped


def _start(units: int, seed: int | None) -> Array:
    if seed is not None:
        noise: Array = 0.01 * generator("kuramoto_sivashinsky", seed).standard_normal(units)
        noise -= noise.mean()
        return noise
    s = 2.0 * np.pi * np.arange(units) / units
    start: Array = np.cos(s) * (1.0 + np.sin(s))
    return start
