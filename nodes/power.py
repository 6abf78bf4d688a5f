"""A power of each signal."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["Power"]


class Power(Node):
    """``y_i[t] = x_i[t]^exponent``.

    Squares beside the states, ``[reservoir, reservoir >> Power()] >> readout``, give the readout of
    an odd reservoir (tanh, no bias) the even functions that it lacks.

    Parameters
    ----------
    exponent : int
        2 or more.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Power(exponent=3)).run([[2.0, -1.0]])
    array([[ 8., -1.]])
    """

    exponent: Annotated[int, Field(ge=2)] = 2

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, x^exponent)``."""
        y = x * x
        for _ in range(self.exponent - 2):
            y = y * x
        return state, y
