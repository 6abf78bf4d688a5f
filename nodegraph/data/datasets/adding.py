"""Two numbers of a long series, marked, that are to be added: memory of what is far apart."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, whole
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["adding"]


@known_arguments
def adding(series: int = 100, length: int = 50, seed: int = 0) -> tuple[Array, Array]:
    """Return random numbers, two of each series marked, and the sum of these two at its end.

    The adding problem [1]_. The first column of the input is even from 0 to 1; the second is 1 at
    one step of the first half and one of the second half, else 0. The target is the sum of the two
    numbers there, at the last step; NaN before. Who always says 1 has a mean squared error of 1/6.

    Parameters
    ----------
    series : int
        How many independent series there are.
    length : int
        Steps of each; at least 2.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : arrays, shape (series, length, 2) and (series, length, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, Neural Computation 9 (1997) 1735-1780.

    Examples
    --------
    >>> u, y = adding(series=3, length=10)
    >>> bool(np.allclose((u[:, :, 0] * u[:, :, 1]).sum(axis=1), y[:, -1, 0]))
    True
    """
    n, steps = whole("adding.series", series), whole("adding.length", length, 2)
    budget.check(dict([budget.part("series", (n, steps, 3))]), "adding")
    rng, half = generator("adding", seed), steps // 2
    u, y = np.zeros((n, steps, 2)), np.full((n, steps, 1), np.nan)
    u[:, :, 0] = rng.random((n, steps))
    marked = np.stack([rng.integers(0, half, n), rng.integers(half, steps, n)], axis=1)
    np.put_along_axis(u[:, :, 1], marked, 1.0, axis=1)
    y[:, -1, 0] = (u[:, :, 0] * u[:, :, 1]).sum(axis=1)
    return u, y
