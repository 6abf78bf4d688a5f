"""A named place where signals leave a graph."""

from __future__ import annotations

from typing import Any

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["Output"]


class Output(Node):
    """Its inputs side by side, in the order of their edges: ``y[t] = x[t]``.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> a, b = Input(name="a"), Input(name="b")
    >>> ng.Model([a, b] >> Output()).run({"a": [[1.0]], "b": [[2.0]]})
    array([[1., 2.]])
    """

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return `x` itself."""
        return state, x

    def run(self, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return `xs` itself."""
        return state, xs
