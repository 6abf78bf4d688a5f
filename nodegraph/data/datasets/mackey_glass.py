"""The Mackey-Glass equation: chaos from a delay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.datasets.equations import System
from nodegraph.data.ranges import bounded, count_rows, exclusive, flag, generator, real, vector
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["mackey_glass", "mackey_glass_system"]

_STEP = 0.1  # longest step of integration, whatever the time between rows


@known_arguments
def mackey_glass(
    steps: int,
    tau: float = 17.0,
    h: float = 1.0,
    x0: float | None = None,
    n: float = 10.0,
    a: float = 0.2,
    b: float = 0.1,
    seed: int | None = None,
    history: Sequence[float] | None = None,
    discard: int = 0,
    squash: bool = False,
) -> Array:
    """Return the Mackey-Glass series, the concentration of cells whose making lags behind.

    ``dx/dt = a x(t - tau) / (1 + x(t - tau)**n) - b x``. Runge-Kutta of order four with steps of
    at most 0.1; the delayed values, at half steps too, are read from the solution by cubic Hermite
    interpolation. How densely one samples does not change what is sampled: with h=0.1 every tenth
    row is a row of h=1.

    Parameters
    ----------
    steps : int
        Rows to return.
    tau : float
        Delay; 17 is mildly chaotic, 30 strongly.
    h : float
        Time between rows.
    x0 : float, optional
        Value at time 0, the first row, and before it; 1.2 by default.
    n, a, b : float
        Exponent, rate of making, rate of loss.
    seed : int, optional
        Draws a history: a value each unit of time, uniform within 0.1 of `x0`, joined by straight
        lines and ending in `x0`.
    history : sequence of at least 2 floats, optional
        Values evenly spaced over [-tau, 0], joined by straight lines; instead of `x0`
        and `seed`.
    discard : int
        Rows left out at the beginning.
    squash : bool
        Whether to return ``tanh(x - 1)``, as those who forecast it long do [1]_.

    Returns
    -------
    array, shape (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range, or the series leaves all bounds.

    References
    ----------
    .. [1] H. Jaeger, H. Haas, Science 304 (2004) 78-80.

    M. C. Mackey, L. Glass, Oscillation and chaos in physiological control systems, Science 197
    (1977) 287-289.

    Examples
    --------
    >>> fine, coarse = mackey_glass(1000, h=0.1), mackey_glass(100, h=1.0)
    >>> float(abs(fine[::10] - coarse).max())
    0.0
    """
    tau, h = real("mackey_glass.tau", tau, above=0.0), real("mackey_glass.h", h, above=0.0)
    n, a = real("mackey_glass.n", n, above=0.0), real("mackey_glass.a", a)
    exclusive("mackey_glass", history=history, x0=x0)
    exclusive("mackey_glass", history=history, seed=seed)
    squash = flag("mackey_glass.squash", squash)
    b, x0 = real("mackey_glass.b", b), real("mackey_glass.x0", 1.2 if x0 is None else x0)
    past = _past(tau, x0, seed, history)
    substeps = max(ceil(h / _STEP - 1e-9), ceil(4.0 * h / tau))
    steps, discard = count_rows("mackey_glass", steps, discard, width=4 * substeps)
    with np.errstate(all="ignore"):
        grid = _integrate(past, (steps + discard - 1) * substeps, h / substeps, tau, (n, a, b))
    x = grid.x[grid.lag :]
    x = bounded("mackey_glass", x[::substeps, None], "write another x0, a or b")[discard:]
    return np.tanh(x - 1) if squash else x


def mackey_glass_system(
    tau: float = 17.0, h: float = 1.0, n: float = 10.0, a: float = 0.2, b: float = 0.1
) -> System:
    """Return the map of one delay of `mackey_glass`, values and slopes, from a row to the next."""
    tau, h = real("mackey_glass.tau", tau, above=0.0), real("mackey_glass.h", h, above=0.0)
    rates = (
        real("mackey_glass.n", n, above=0.0),
        real("mackey_glass.a", a),
        real("mackey_glass.b", b),
    )
    substeps = max(ceil(h / _STEP - 1e-9), ceil(4.0 * h / tau))
    inner = h / substeps
    before = _integrate(
        _past(tau, 1.2, None, None), ceil(2 * tau / h) * substeps, inner, tau, rates
    )
    lag = before.lag
    slopes = np.append(before.left[-lag:], before.right[-1])

    def step(state: Array) -> Array:
        x, slope = state[: lag + 1], state[lag + 1 :]
        grid = _Grid(x, slope[:-1], slope[1:], lag)
        values, slopes = _advance(grid, 0, substeps, inner, tau, rates)
        return np.concatenate([x[substeps:], values[1:], slope[substeps:], slopes[1]])

    return System("mackey_glass", step, np.append(before.x[-lag - 1 :], slopes), h)


class _Grid(NamedTuple):
    """Values, the slopes at both ends of each interval, and the intervals of one delay."""

    x: Array
    left: Array
    right: Array
    lag: int


def _past(tau: float, x0: float, seed: int | None, history: Sequence[float] | None) -> Array:
    """Return values evenly spaced over [-tau, 0]."""
    if history is not None:
        past = vector("mackey_glass.history", history)
        if past.size < 2:
            raise DataError("mackey_glass.history: should hold at least 2 numbers (got 1)")
        return past
    past = np.full(ceil(tau) + 1, x0)
    if seed is not None:
        past[:-1] += generator("mackey_glass", seed).uniform(-0.1, 0.1, past.size - 1)
    return past


def _integrate(
    past: Array, steps: int, h: float, tau: float, rates: tuple[float, float, float]
) -> _Grid:
    """Return the past and `steps` more values, `h` apart.

    Over one delay all delayed values are known, so that what is made is computed for all steps
    at once; the equation is linear in x then, and so is a Runge-Kutta step.
    """
    lag = ceil(tau / h - 1e-9)  # steps of history, of which the first may begin before -tau
    x, left, right = _grid(past, steps, lag, h, tau)
    for start in range(0, steps, lag - 1):
        count = min(lag - 1, steps - start)
        values, slopes = _advance(_Grid(x, left, right, lag), start, count, h, tau, rates)
        now, then = start + lag, start + lag + count
        x[now : then + 1] = values
        left[now:then], right[now:then] = slopes
    return _Grid(x, left, right, lag)


def _advance(
    grid: _Grid, start: int, count: int, h: float, tau: float, rates: tuple[float, float, float]
) -> tuple[Array, tuple[Array, Array]]:
    """Return values from step `start` to ``start + count``, and slopes at both ends of each."""
    n, a, b = rates
    x, left, right, lag = grid
    ahead = max(0.0, lag - tau / h)  # the delayed time, in steps after the point `lag` back
    q = np.float64(b * h)
    keep = float(1 - q + q**2 / 2 - q**3 / 6 + q**4 / 24)
    weights = h / 6 * np.array([1 - q + q**2 / 2 - q**3 / 4, 4 - 2 * q + q**2 / 2, 1.0])
    made = []
    for fraction in (ahead, ahead + 0.5, ahead + 1.0):
        first = start + int(fraction)
        delayed = _hermite(x, left, right, first, count, fraction % 1.0, h)
        made.append(a * delayed / (1.0 + delayed**n))
    push = weights[0] * made[0] + weights[1] * made[1] + weights[2] * made[2]
    rows = accumulate(push.tolist(), lambda value, new: keep * value + new, initial=x[start + lag])
    values = np.array(list(rows))
    return values, (made[0] - b * values[:-1], made[2] - b * values[1:])


def _grid(past: Array, steps: int, lag: int, h: float, tau: float) -> tuple[Array, Array, Array]:
    """Return the values, and the slopes at both ends of each interval, with the past filled in."""
    times = h * np.arange(-lag, 1)
    x = np.empty(lag + steps + 1)
    x[: lag + 1] = np.interp(times, np.linspace(-tau, 0.0, past.size), past)
    x[0] -= (past[1] - past[0]) / tau * (past.size - 1) * max(0.0, -tau - times[0])
    left, right = np.empty((2, lag + steps))
    left[:lag] = right[:lag] = np.diff(x[: lag + 1]) / h
    return x, left, right


def _hermite(
    x: Array, left: Array, right: Array, first: int, count: int, at: float, h: float
) -> Array:
    """Return the cubic through values and slopes, `at` of each of `count` intervals."""
    here, there = slice(first, first + count), slice(first + 1, first + 1 + count)
    rest = 1.0 - at
    ends = rest**2 * (1 + 2 * at) * x[here] + at**2 * (1 + 2 * rest) * x[there]
    cubic: Array = ends + h * at * rest * (rest * left[here] - at * right[here])
    return cubic
