"""From numbers to spikes: the larger a number, the sooner its unit fires."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.node import Node
from nodes.parts.beyond import beyond

__all__ = ["LatencyEncoder"]


class LatencyEncoder(Node):
    """Time to first spike: in each window a unit fires once, the sooner the larger its signal is.

    What arrives in the first step of a window is encoded. With T steps in it, the unit fires in
    step ``round((T - 1) (high - x) / (high - low))`` of them, x being held between low and high.
    One that is `low` or below does not fire.

    Parameters
    ----------
    window : int
        Steps in a window, T.
    low, high : float
        The inputs that are encoded as no spike, and as one at once.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(LatencyEncoder(window=3)).run([[1.0, 0.5, 0.0]] * 3)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]])
    """

    class State(NamedTuple):
        """When each unit fires, counted in steps of the window, and the step that is next."""

        due: Array  # (n,)
        step: Array  # () int

    smooth: ClassVar[bool] = False

    window: PositiveInt = 10
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _there_is_a_range(self) -> LatencyEncoder:
        if self.low >= self.high:
            raise ValueError(f"low: should be below high ({self.high}), got {self.low}")
        return self

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that inputs lie where all of them are encoded alike."""
        return beyond(x, self.low, self.high)

    def start(self, n_out: int) -> State:
        """Return the state before the first step: a window begins."""
        return self.State(np.zeros(n_out), np.zeros((), np.int64))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, spikes)`` one step later."""
        share = np.clip((self.high - x) / (self.high - self.low), 0, 1)
        due = np.where(x > self.low, np.floor((self.window - 1) * share + 0.5), self.window)
        due = np.where(state.step == 0, due, state.due)
        spikes = (due == state.step).astype(x.dtype)
        return self.State(due, (state.step + 1) % self.window), spikes
