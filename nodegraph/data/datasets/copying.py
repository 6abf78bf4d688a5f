"""Rows of bits that are to be said again after they were heard."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import generator, unasked, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host import memory_budget as budget

__all__ = ["copying"]


@known_arguments
def copying(
    series: int = 100,
    shortest: int = 1,
    longest: int = 20,
    bits: int = 8,
    seed: int = 0,
    gaps: bool = False,
    blank: int = 0,
) -> tuple[list[Array], list[Array]]:
    """Return random rows of bits between two marks, and the same rows once more behind them.

    The copy task [1]_. A series of L rows to copy is 2 L + 2 steps long: a mark that begins, the
    rows, a mark that ends, then L steps of zeros, whose targets are the rows. The columns of the
    input are the bits, 0 or 1, the mark that begins, and the one that ends. With `blank` so many
    steps of zeros come before the mark that ends.

    Parameters
    ----------
    series : int
        How many independent series there are.
    shortest, longest : int
        Between which L is drawn, both included.
    bits : int
        Bits in a row.
    seed : int
        Starts the random numbers.
    gaps : bool
        Whether targets are NaN, and so neither learned nor scored, where nothing is asked.
    blank : int
        Steps of zeros between the rows and the mark that ends.

    Returns
    -------
    u, y : lists of arrays, shape (2 L + 2 + blank, bits + 2) and (2 L + 2 + blank, bits)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] A. Graves, G. Wayne, I. Danihelka, arXiv 1410.5401 (2014).

    Examples
    --------
    >>> u, y = copying(series=1, shortest=2, longest=2, bits=3)
    >>> u[0][:, 3:].T  # the marks
    array([[1., 0., 0., 0., 0., 0.],
           [0., 0., 0., 1., 0., 0.]])
    >>> bool((u[0][1:3, :3] == y[0][4:]).all())
    True
    """
    n, width = whole("copying.series", series), whole("copying.bits", bits)
    low, high = whole("copying.shortest", shortest), whole("copying.longest", longest)
    if low > high:
        raise DataError(f"copying.shortest: should be at most longest, {high} (got {low})")
    empty = whole("copying.blank", blank, 0)
    steps = 2 * high + 2 + empty
    budget.check(dict([budget.part("series", (n, steps, 2 * width + 2))]), "copying")
    rng = generator("copying", seed)
    lengths = rng.integers(low, high + 1, n)
    silence = unasked("copying", gaps)
    found = [_copied(rng.integers(0, 2, (length, width)), silence, empty) for length in lengths]
    return [u for u, _ in found], [y for _, y in found]


def _copied(rows: Array, silence: float, blank: int) -> tuple[Array, Array]:
    """Return one series, and its target."""
    length, width = rows.shape
    end = length + 1 + blank
    u, y = np.zeros((end + 1 + length, width + 2)), np.full((end + 1 + length, width), silence)
    u[1 : length + 1, :width] = y[end + 1 :] = rows
    u[0, width] = u[end, width + 1] = 1
    return u, y
