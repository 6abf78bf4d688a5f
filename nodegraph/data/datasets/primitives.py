"""Movements one after another, in an order that takes memory to foresee."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.ranges import count_rows, generator, whole
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import shown

__all__ = ["primitives"]

LOOPS = ((1, 2), (2, 1), (1, -2), (2, -1), (1, 3), (3, 1))  # turns along each axis


@known_arguments
def primitives(steps: int, length: int = 16, order: str = "AAAAB", seed: int = 0) -> Array:
    """Return loops in the plane, drawn one after another in an order that comes again.

    Each loop starts and ends at 0 and takes `length` steps, ``(sin(p phase), sin(q phase))`` with
    whole numbers p and q of its own, so that where one ends the next could be any: the order alone
    tells, which is too slow for units that keep only the last steps. Such are the movements that
    networks of several time scales learn [1]_.

    Parameters
    ----------
    steps : int
        Rows to return.
    length : int
        Steps of a loop; at least 4.
    order : str
        Letters from A to F, one a loop.
    seed : int
        Starts the random numbers, which say which loop each letter is.

    Returns
    -------
    array, shape (steps, 2)

    Raises
    ------
    DataError
        If an option is of a wrong type or out of range.

    References
    ----------
    .. [1] Y. Yamashita, J. Tani, PLoS Computational Biology 4 (2008) e1000220.

    Examples
    --------
    >>> u = primitives(32, length=16, order="AB")
    >>> bool(np.abs(u[[0, 16]]).max() < 1e-12)
    True
    """
    steps, _ = count_rows("primitives", steps, 0, width=2)
    length = whole("primitives.length", length, 4)
    letters = np.array([_place(letter) for letter in _letters(order)])
    turns = generator("primitives", seed).permutation(LOOPS)[letters]
    t = np.arange(steps)
    u: Array = np.sin(2 * np.pi * t[:, None] / length * turns[t // length % len(turns)])
    return u


def _letters(order: object) -> str:
    if not isinstance(order, str) or not order or {*order} - {*"ABCDEF"}:
        raise DataError(f"primitives.order: should be letters from A to F (got {shown(order)})")
    return order


def _place(letter: str) -> int:
    return ord(letter) - ord("A")
