"""Derivatives by finite differences, to hold gradients against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.arrays import Array

__all__ = ["finite_differences"]


def finite_differences(
    loss: Callable[[Any], float], params: Any, name: str, width: float = 1e-6
) -> Array:
    """Return the derivative of a loss by one array of params, by central differences.

    Parameters
    ----------
    loss : callable
        Takes params, returns a number.
    params : NamedTuple of ndarray
        In float64; it is not changed.
    name : str
        The array among them.
    width : float
        How far to each side.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Params(NamedTuple):
    ...     w: np.ndarray
    >>> finite_differences(lambda p: (p.w**2).sum(), Params(np.array([1.0, 3.0])), "w").round(6)
    array([2., 6.])
    """
    array = getattr(params, name)
    slope: Array = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        sides = []
        for step in (width, -width):
            moved = array.copy()
            moved[place] += step
            sides.append(loss(params._replace(**{name: moved})))
        slope[place] = (sides[0] - sides[1]) / (2 * width)
    return slope
