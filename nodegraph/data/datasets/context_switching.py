"""Waves that are to be shifted, each by as much as its context says."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["context_switching"]


@known_arguments
def context_switching(
    series: int = 100, steps: int = 200, seed: int = 0, gaps: int = 0
) -> tuple[Array, Array]:
    """Return sine waves with a context each, and the same waves shifted as the context says.

    A series is ``sin(f t)`` with a frequency f from .2 to .4 and a phase p, both drawn for it; the
    target is ``sin(f t + p)``. The columns of the input are the wave, the context ``cos p, sin p,
    10 (f - .3)``, the target once more, for a node that learns within the series, and a mark, 1 at
    the last step, where that has been learned.

    Parameters
    ----------
    series : int
        How many independent series there are.
    steps : int
        Steps in each.
    seed : int
        Starts the random numbers.
    gaps : int
        How many steps of each series, the first, have NaN as target, and so are neither learned
        from nor scored.

    Returns
    -------
    u, y : arrays, shape (series, steps, 6) and (series, steps, 1)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    Examples
    --------
    >>> u, y = context_switching(series=3, steps=80)
    >>> u.shape, y.shape
    ((3, 80, 6), (3, 80, 1))
    """
    where = "context_switching"
    n, m = whole(f"{where}.series", series), whole(f"{where}.steps", steps, 2)
    early = whole(f"{where}.gaps", gaps, 0)
    if early >= m:
        raise DataError(f"{where}.gaps: should be below steps, {m} (got {early})")
    budget.check(dict([budget.part("series", (n, m, 7))]), where)
    rng = generator(where, seed)
    f, p = rng.uniform(0.2, 0.4, (n, 1)), rng.uniform(0, 2 * np.pi, (n, 1))
    angle = f * np.arange(m)
    u, y = np.zeros((n, m, 6)), np.sin(angle + p)
    u[:, :, 0], u[:, :, 4], u[:, -1, 5] = np.sin(angle), y, 1
    u[:, :, 1:4] = np.concatenate([np.cos(p), np.sin(p), 10 * (f - 0.3)], axis=1)[:, None]
    y[:, :early] = np.nan
    return u, y[:, :, None]
