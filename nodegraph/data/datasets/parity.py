"""Rows of bits, of which the ones are even or odd."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, whole
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["parity"]


@known_arguments
def parity(series: int = 100, bits: int = 8, seed: int = 0) -> tuple[Array, Array]:
    """Return rows of 1 to `bits` bits that stand still, and whether their ones are even or odd.

    Parity of variable length [1]_. A series is a single step, for nodes that take several turns at
    one step. Its row ends in the bits, +1 or -1; before them stand zeros. The target is ``[1, 0]``
    for an even number of +1, ``[0, 1]`` for an odd one.

    Parameters
    ----------
    series : int
        How many independent series there are.
    bits : int
        Bits of the longest row; how many there are is drawn from 1 to this.
    seed : int
        Starts the random numbers.

    Returns
    -------
    u, y : arrays, shape (series, 1, bits) and (series, 1, 2)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] A. Graves, arXiv 1603.08983 (2016).

    Examples
    --------
    >>> u, y = parity(series=2, bits=4)
    >>> u[:, 0]
    array([[ 1., -1., -1., -1.],
           [ 0., -1., -1.,  1.]])
    >>> y[:, 0]
    array([[0., 1.],
           [0., 1.]])
    """
    n, width = whole("parity.series", series), whole("parity.bits", bits)
    budget.check(dict([budget.part("series", (n, 1, width + 2))]), "parity")
    rng = generator("parity", seed)
    counts = rng.integers(1, width + 1, n)
    u = rng.choice([-1.0, 1.0], (n, width))
    u[np.arange(width) < width - counts[:, None]] = 0
    return u[:, None], np.eye(2)[(u == 1).sum(axis=1) % 2][:, None]
