"""A named place where signals leave a graph."""

from __future__ import annotations

from nodes.parts.elementwise import Elementwise

__all__ = ["Output"]


class Output(Elementwise):
    """Its inputs side by side, in the order of their edges: ``y[t] = x[t]``.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> a, b = Input(name="a"), Input(name="b")
    >>> ng.Model([a, b] >> Output()).run({"a": [[1.0]], "b": [[2.0]]})
    array([[1., 2.]])
    """
