"""The door by which data come into a graph."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["Input"]


class Input(Node):
    """Data from outside, as they are: ``y[t] = x[t]``.

    Parameters
    ----------
    units : int, optional
        How many columns the data must have; else as many as the first data have.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> ng.Model(Input(units=2)).run(np.array([[1.0, 2.0]]))
    array([[1., 2.]])
    """

    external: ClassVar[bool] = True

    units: PositiveInt | None = None

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return `x` itself."""
        return state, x

    def run(self, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return `xs` itself."""
        return state, xs
