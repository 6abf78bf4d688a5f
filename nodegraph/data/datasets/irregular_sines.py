"""A mixture of sines, sampled at times that are any way apart."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, generator, real, whole
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["irregular_sines"]


@known_arguments
def irregular_sines(
    steps: int, sines: int = 3, spread: float = 0.9, slowest: float = 40.0, seed: int = 0
) -> tuple[Array, Array]:
    """Return samples of a mixture of sines with the time to the next one, and that next sample.

    ``x(t) = sqrt(2 / n) sum_i sin(2 pi t / T_i + phase_i)``, whose mean is 0 and variance 1, with
    periods T_i from `slowest` down, each the golden ratio shorter. The times between samples are
    even between 1 - spread and 1 + spread. Row k of the input is ``[x(t_k), t_{k+1} - t_k]``, that
    of the target ``x(t_{k+1})``.

    Parameters
    ----------
    steps : int
        Rows to return.
    sines : int
        How many there are, n.
    spread : float from 0 to 0.99
        How irregular the times are; 0 samples at each unit of time.
    slowest : float
        The longest period.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : arrays, shape (steps, 2) and (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    Examples
    --------
    >>> u, y = irregular_sines(500)
    >>> bool((u[1:, 0] == y[:-1, 0]).all()), round(float(u[:, 1].min()), 1)
    (True, 0.1)
    """
    steps, _ = count_rows("irregular_sines", steps, 0, width=3)
    n, rng = whole("irregular_sines.sines", sines), generator("irregular_sines", seed)
    longest = real("irregular_sines.slowest", slowest, above=0.0)
    half = real("irregular_sines.spread", spread, low=0.0, high=0.99)
    gaps = rng.uniform(1 - half, 1 + half, steps)
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    periods = longest / ((1 + 5**0.5) / 2) ** np.arange(n)
    phases = rng.uniform(0, 2 * np.pi, n)
    x = np.sqrt(2 / n) * np.sin(2 * np.pi * times[:, None] / periods + phases).sum(axis=1)
    return np.stack([x[:-1], gaps], axis=1), x[1:, None]
