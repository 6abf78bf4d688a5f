"""Element-wise functions as nodes: no params, no state."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar, Final

from nodegraph.arrays import Array
from nodegraph.node import Node
from nodes.activations import ACTIVATIONS, softmax

__all__ = [
    "Identity",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]

FUNCTIONS: Final[dict[str, Callable[[Array], Array]]] = {
    "softmax": softmax,
    **{str(name): function for name, function in ACTIVATIONS.items()},
}


class _Activation(Node, ABC):
    function: ClassVar[str]

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return the function of `x`."""
        return state, FUNCTIONS[self.function](x)

    def run(self, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return the function of all rows at once."""
        return state, FUNCTIONS[self.function](xs)


class Identity(_Activation):
    """``y = x``: the inputs side by side, in the order of their edges."""

    function = "identity"


class Relu(_Activation):
    """``y = max(x, 0)``."""

    function = "relu"


class Sigmoid(_Activation):
    """``y = 1 / (1 + exp(-x))``."""

    function = "sigmoid"


class Softmax(_Activation):
    """``y_i = exp(x_i) / sum_j exp(x_j)``: numbers as probabilities.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> ng.Model(Softmax()).run([[0.0, np.log(3.0)]])
    array([[0.25, 0.75]])
    """

    function = "softmax"


class Softplus(_Activation):
    """``y = log(1 + exp(x))``."""

    function = "softplus"


class Tanh(_Activation):
    """``y = tanh(x)``."""

    function = "tanh"
