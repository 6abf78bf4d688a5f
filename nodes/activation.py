"""Element-wise functions as nodes: no params, no state."""

from __future__ import annotations

from typing import Any

from nodegraph.arrays import Array
from nodegraph.maths import softmax
from nodegraph.node import Node
from nodes.parts.elementwise import Elementwise

__all__ = [
    "Identity",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]


class Identity(Elementwise):
    """``y = x``: the inputs side by side, in the order of their edges."""

    function = "identity"


class Relu(Elementwise):
    """``y = max(x, 0)``."""

    function = "relu"


class Sigmoid(Elementwise):
    """``y = 1 / (1 + exp(-x))``."""

    function = "sigmoid"


class Softmax(Node):
    """``y_i = exp(x_i) / sum_j exp(x_j)``: numbers as probabilities.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> ng.Model(Softmax()).run([[0.0, np.log(3.0)]])
    array([[0.25, 0.75]])
    """

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return the softmax of `x`."""
        return state, softmax(x)


class Softplus(Elementwise):
    """``y = log(1 + exp(x))``."""

    function = "softplus"


class Tanh(Elementwise):
    """``y = tanh(x)``."""

    function = "tanh"
