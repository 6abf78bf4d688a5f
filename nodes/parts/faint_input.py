"""Inputs so small that a readout would need more steps than there are to learn from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nodegraph import Array
from nodegraph.arrays import is_constant

__all__ = ["faint_input"]

TINY = 1e-2  # spread of inputs below which their units alone may be why nothing is learned


def faint_input(x: Array, steps: Callable[[float], float], most: float) -> list[str]:
    """Return that inputs are too faint to be learned from, with the cure; else nothing.

    Parameters
    ----------
    x : array, shape (n_rows, n_in)
    steps : callable
        How many steps it takes at the variance that it is given.
    most : float
        How many may be needed.

    Examples
    --------
    >>> x = np.array([[1e-3], [-1e-3]])
    >>> faint_input(x, lambda variance: 100 / variance, most=1e5)[0][:62]
    'its inputs have a spread of 0.001, from which it learns in som'
    """
    moving = x[:, ~is_constant(x.min(axis=0, initial=np.inf), x.max(axis=0, initial=-np.inf))]
    spread = float(moving.std(axis=0).max(initial=0.0))
    if not 0 < spread < TINY or (needed := steps(spread**2)) <= most:
        return []
    return [
        f"its inputs have a spread of {spread:.1g}, from which it learns in some {needed:.0e} "
        "steps: put a Scaler in front"
    ]
