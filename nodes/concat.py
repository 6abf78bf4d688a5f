"""Several signals side by side under one name."""

from __future__ import annotations

from typing import ClassVar

from nodegraph.node import Gaps
from nodes.parts.elementwise import Elementwise

__all__ = ["Concat"]


class Concat(Elementwise):
    """``y[t] = [x_1[t], x_2[t], ...]``: the sources side by side, in the order of their edges.

    Every port does that by itself; this is for what is to be read in several places, or as an
    output of its own.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input, Mean
    >>> a, b = Input(name="a"), Input(name="b")
    >>> ng.Model([a, b] >> Concat() >> Mean(units=1)).run({"a": [[1.0]], "b": [[2.0]]})
    array([[1.5]])
    """

    gaps: ClassVar[Gaps] = "passes"
