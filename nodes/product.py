"""The product of several sources, column by column."""

from __future__ import annotations

from nodegraph.arrays import Array
from nodes.parts.alike import Alike

__all__ = ["Product"]


class Product(Alike):
    """``y[t] = x_1[t] x_2[t] ... x_m[t]``, column by column, of m sources of the same width.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input
    >>> a, b = Input(name="a"), Input(name="b")
    >>> ng.Model([a, b] >> Product()).run({"a": [[2.0, 3.0]], "b": [[10.0, -1.0]]})
    array([[20., -3.]])
    """

    def joined(self, parts: Array) -> Array:
        """Return the product over sources, from the first to the last."""
        y: Array = parts.prod(axis=0)
        return y
