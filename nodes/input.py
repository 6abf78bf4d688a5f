"""The door by which data come into a graph."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PositiveInt

from nodegraph.node import Gaps
from nodes.parts.elementwise import Elementwise

__all__ = ["Input"]


class Input(Elementwise):
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
    verbatim: ClassVar[bool] = True
    gaps: ClassVar[Gaps] = "passes"

    units: PositiveInt | None = None
