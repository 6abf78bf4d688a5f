"""What nodes share whose output is a function of each input by itself."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from nodegraph.arrays import Array
from nodegraph.maths import activate
from nodegraph.node import Node
from nodes.parts.activations import ActivationName
from nodes.parts.slopes import along

__all__ = ["Elementwise"]


class Elementwise(Node, ABC):
    """``y_i = f(x_i)`` with f by name from `nodes.parts.activations`: no params, no state."""

    function: ClassVar[ActivationName] = "identity"

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return f of `x`; `x` itself if f is the identity."""
        return state, x if self.function == "identity" else activate(self.function, x)

    def tangent(
        self, params: Any, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, f'(x) dx)``; see `nodegraph.graph.protocols.Differentiable`."""
        return d_state, along(self.function, inputs["x"], d_inputs["x"])
