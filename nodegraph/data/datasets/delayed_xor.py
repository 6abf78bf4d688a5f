"""Two bits of the past, compared: memory and something that is not linear."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, generator, whole
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["delayed_xor"]


@known_arguments
def delayed_xor(steps: int, delay: int = 2, seed: int = 0) -> tuple[Array, Array]:
    """Return random bits, and whether two that came some steps ago are different.

    ``y[t] = u[t - delay] xor u[t - delay - 1]``, all bits being -1 or 1; 0 before the start. No
    linear function of the input says anything of y.

    Parameters
    ----------
    steps : int
        Rows to return.
    delay : int
        How long ago, in steps; at least 1.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : arrays, shape (steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    Examples
    --------
    >>> u, y = delayed_xor(6, delay=1, seed=1)
    >>> u[:4, 0], y[2:5, 0]
    (array([-1.,  1.,  1.,  1.]), array([ 1., -1., -1.]))
    """
    steps, _ = count_rows("delayed_xor", steps, 0, width=2)
    delay = whole("delayed_xor.delay", delay)
    u: Array = 2.0 * generator("delayed_xor", seed).integers(0, 2, steps) - 1
    apart = np.concatenate([np.zeros(1), -u[1:] * u[:-1]])
    y = np.concatenate([np.zeros(delay), apart])[:steps]
    return u[:, None], y[:, None]
