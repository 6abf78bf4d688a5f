"""What nodes share whose output is a function of each input by itself."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import Node, StepCode
from nodes.activations import ACTIVATIONS, CODES, ActivationName

__all__ = ["Elementwise"]


class Elementwise(Node, ABC):
    """``y_i = f(x_i)`` with f by name from `nodes.activations`: no params, no state."""

    function: ClassVar[ActivationName] = "identity"

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return f of `x`; `x` itself if f is the identity."""
        return state, ACTIVATIONS[self.function](x)

    def run(self, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return f of all rows at once."""
        if self.function == "identity":
            return state, xs
        from nodes.kernels import activated

        return state, activated(CODES[self.function], xs)

    def step_code(
        self, params: Any, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> StepCode | None:
        """Return the compiled step for loops."""
        from nodes.kernels.steps import elementwise_step

        return StepCode(elementwise_step(dtype), (widths["x"], CODES[self.function]), state)
