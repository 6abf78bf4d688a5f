"""Whole numbers, and then their places in order, the smallest first."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, unasked, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["sorting"]


@known_arguments
def sorting(
    series: int = 100, length: int = 5, levels: int = 16, seed: int = 0, gaps: bool = False
) -> tuple[Array, Array]:
    """Return numbers one after the other, and how many steps ago each stood, the smallest first.

    Sorting by pointers [1]_. A series has `length` different whole numbers from 1 to `levels`, one
    a step, and as many steps behind them where nothing comes in. A number v is told as `levels`
    signals of which the first v are 1; one signal more is 1 from the second step behind the numbers
    on, where what was pointed to counts. The target at the step j behind the numbers has its 1 at
    how many steps ago the j-th smallest of them stood; it is 0 before.

    Parameters
    ----------
    series : int
        How many independent series there are.
    length : int
        Numbers in each.
    levels : int
        The largest number; at least `length`.
    seed : int
        Starts the random numbers.
    gaps : bool
        Whether targets are NaN, and so neither learned nor scored, where nothing is asked.

    Returns
    -------
    u, y : arrays, shape (series, 2 length, levels + 1) and (series, 2 length, 2 length)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] O. Vinyals, M. Fortunato, N. Jaitly, Adv. Neural Inf. Process. Syst. 28 (2015) 2692-2700.

    Examples
    --------
    >>> u, y = sorting(series=1, length=3, levels=4)
    >>> u[0, :3, :4].sum(axis=1)  # the numbers
    array([3., 1., 2.])
    >>> y[0, 3:].argmax(axis=1)  # how many steps ago the smallest stood, then the next
    array([2, 2, 5])
    """
    n, m = whole("sorting.series", series), whole("sorting.length", length)
    top = whole("sorting.levels", levels)
    if top < m:
        raise DataError(f"sorting.levels: should be at least length, {m} (got {top})")
    budget.check(dict([budget.part("series", (n, 2 * m, top + 1 + 2 * m))]), "sorting")
    rng = generator("sorting", seed)
    numbers = np.stack([rng.permutation(top)[:m] for _ in range(n)]) + 1
    u = np.zeros((n, 2 * m, top + 1))
    u[:, :m, :top] = numbers[:, :, None] > np.arange(top)
    u[:, m + 1 :, top] = 1
    y = np.full((n, 2 * m, 2 * m), unasked("sorting", gaps))
    y[:, m:] = np.eye(2 * m)[np.arange(m, 2 * m) - numbers.argsort(axis=1)]
    return u, y
