"""Random input, and what it was some steps ago: the task that measures a memory."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, generator, real, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["delayed_input"]


@known_arguments
def delayed_input(
    steps: int, delays: int = 100, seed: int = 0, low: float = -0.5, high: float = 0.5
) -> tuple[Array, Array]:
    """Return independent random input, and that input delayed by one step, by two, and so on.

    ``y[t, k - 1] = u[t - k]`` for k = 1 to `delays`; input before the first row is drawn as well.

    Parameters
    ----------
    steps : int
        Rows to return.
    delays : int
        Longest delay, in steps.
    seed : int
        Starts the random numbers.
    low, high : float
        Bounds of the input, which is uniform between them.

    Returns
    -------
    u, y : arrays, shapes (steps, 1) and (steps, delays)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    H. Jaeger, Short term memory in echo state networks, GMD Report 152 (2002).

    Examples
    --------
    >>> u, y = delayed_input(9, delays=3)
    >>> bool((y[5] == [u[4, 0], u[3, 0], u[2, 0]]).all())
    True
    """
    delays = whole("delayed_input.delays", delays, least=1)
    steps, _ = count_rows("delayed_input", steps, 0, width=delays)
    low, high = real("delayed_input.low", low), real("delayed_input.high", high)
    if low >= high:
        raise DataError(f"delayed_input: low should be below high (got {low:g} and {high:g})")
    u = generator("delayed_input", seed).uniform(low, high, steps + delays)
    rows = np.lib.stride_tricks.sliding_window_view(u, delays)[:steps, ::-1]
    return u[delays:, None], rows.copy()
