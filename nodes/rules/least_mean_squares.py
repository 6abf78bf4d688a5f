"""Least mean squares: online, supervised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Learned, Lesson, Node, Rule, Seen
from nodegraph.node import StepCode
from nodes.rules.lessons import lessons_only

__all__ = ["LeastMeanSquares"]


class LeastMeanSquares(Rule):
    """Step down the gradient of the squared error: ``W_out += rate e x'``, ``bias += rate e`` [1]_.

    ``e = target - y``. It is stable on inputs with ``rate < 2 / largest eigenvalue of <x x'>``.

    Parameters
    ----------
    rate : float
        Size of the step.
    fit_bias : bool
        Whether there is a bias.

    References
    ----------
    .. [1] B. Widrow, M. E. Hoff, IRE WESCON Convention Record 4 (1960) 96-104.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rate: PositiveFloat = 0.01
    fit_bias: bool = True

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return the params one step down."""
        step = (self.rate * (seen.target - seen.y)).astype(params.W_out.dtype)
        bias = params.bias + step if self.fit_bias else params.bias
        W_out = params.W_out + np.outer(step, seen.x)
        return params._replace(W_out=W_out, bias=bias), memory

    def step_code(
        self,
        node: Node,
        params: Any,
        state: Any,
        memory: Any,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ) -> StepCode | None:
        """Return the compiled step for loops."""
        from nodes.kernels.online import lms_arguments, lms_step

        learned, slot = (params.W_out, params.bias), 2 + len(node.step_ports)
        arguments = lms_arguments(*learned, self.rate, self.fit_bias, slot)
        return StepCode(lms_step(dtype), arguments, state)

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Learn from a chunk in one compiled loop, in place."""
        from nodes.kernels import lms_chunk

        xs, targets = lesson.inputs["x"], lessons_only(lesson)
        ys = lms_chunk(xs, targets, params.W_out, params.bias, self.rate, self.fit_bias)
        return Learned(params, state, memory, ys)
