"""What a rule of a population of forward units needs that learns in a loop written by hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nodegraph.node import Node, StepCode
from nodegraph.rule import Learned, Lesson, Rule

if TYPE_CHECKING:
    from nodes.kernels.populations import Loop

__all__ = ["PopulationRule"]


class PopulationRule(Rule):
    """A rule of one kind of forward units, which learns at every step without a target."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False

    @property
    @abstractmethod
    def loop(self) -> Loop:
        """The compiled loop in which units of this kind live and learn."""

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Let the units live through a chunk and learn in one compiled loop."""
        params = params._replace(**{n: getattr(params, n).copy() for n in self.modifies})
        xs, rows = lesson.inputs["x"], lesson.rows
        state, ys = self.loop.learn(node, params, state, xs, rows, self, memory)
        return Learned(params, state, memory, ys)

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
        return self.loop.code(node, params, state, dtype, widths["x"], self, memory)
