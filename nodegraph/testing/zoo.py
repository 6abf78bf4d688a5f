"""Tiny nodes and a tiny rule, plain enough to be followed by hand, for tests of graphs."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.graph.node import Node
from nodegraph.graph.rule import Rule, Seen
from nodegraph.maths import dot, tanh, total

__all__ = ["Follow", "Mix", "Sum", "Trace"]


class Sum(Node):
    """``y[t]`` is the tanh of the sum of its inputs."""

    @property
    def declared_size(self) -> int:
        """One output."""
        return 1

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return the sum, squashed."""
        return state, tanh(total(x, axis=0, keepdims=True))


class Trace(Node):
    """A squashed memory of the sum of ``x`` and of a ``feedback`` port.

    ``y_i[t] = tanh(keep y_i[t-1] + i / 4 (sum(x[t]) + sum(feedback[t])))``.

    Parameters
    ----------
    units : int
    keep : float
        Below 1, so that it stays bounded.
    """

    class State(NamedTuple):
        """The last output, (units,)."""

        y: Array

    units: PositiveInt = 2
    keep: PositiveFloat = 0.5

    def start(self, n_out: int) -> State:
        """Return zeros."""
        return self.State(np.zeros(n_out))

    def step(
        self, params: Any, state: State, x: Array, feedback: Array | None = None
    ) -> tuple[State, Array]:
        """Return the memory, squashed."""
        drive = total(x) if feedback is None else total(x) + total(feedback)
        y = tanh(self.keep * state.y + drive * np.arange(1, len(state.y) + 1, dtype=x.dtype) / 4)
        return self.State(y), y.copy()


class Follow(Rule):
    """Move W towards the target: ``W += rate (target - y) x' / (1 + |x|^2)``.

    Parameters
    ----------
    rate : float
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    rate: PositiveFloat = 0.01

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return params one step nearer."""
        dW = self.rate * np.outer(seen.target - seen.y, seen.x / (1 + dot(seen.x, seen.x)))
        return params._replace(W=params.W + dW), memory


class Mix(Node):
    """``y[t] = tanh(W x[t])`` with random W, which it can learn.

    Parameters
    ----------
    units : int
    rule : Follow, optional
    """

    class Params(NamedTuple):
        """The weights, (units, n_in)."""

        W: Array

    units: PositiveInt = 2
    rule: Follow | None = None

    @property
    def ready(self) -> bool:
        """It may run before it has learned."""
        return True

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return small weights."""
        return self.Params(rng.uniform(-0.4, 0.4, (n_out, n_in)) / max(1, n_in))

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return the mixture."""
        return state, tanh(total(params.W * x, axis=1))
