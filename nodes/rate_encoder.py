"""From numbers to spikes: the larger a number, the more often its unit fires."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeInt, model_validator

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.node import Node
from nodes.parts.beyond import beyond
from nodes.parts.chance import chance

__all__ = ["RateEncoder"]


class RateEncoder(Node):
    """Spikes whose rate is the input, one unit for each signal.

    With the rate ``p = max_rate (x - low) / (high - low)``, held within [0, max_rate], a unit fires

    - "regular": when what its rates have summed up to reaches 1, of which 1 is then taken;
    - "poisson": by chance, with probability p at each step; the chances follow from `seed` and the
      number of the step, so that each series meets the same, and so do two encoders, and the
      parts of a `Shared` one, unless their seeds differ.

    Parameters
    ----------
    low, high : float
        The inputs that are encoded as no spikes, and as `max_rate`.
    max_rate : float in (0, 1]
        Spikes in a step.
    mode : {"regular", "poisson"}
        Whether spikes are as evenly spaced as can be, or by chance.
    seed : int
        Which chances, in the mode "poisson".

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(RateEncoder(max_rate=0.5)).run([[1.0]] * 6)[:, 0]
    array([0., 1., 0., 1., 0., 1.])
    """

    class State(NamedTuple):
        """What rates have summed up to, and the number of the step."""

        sums: Array  # (n,)
        age: Array  # () int

    smooth: ClassVar[bool] = False

    low: float = 0.0
    high: float = 1.0
    max_rate: Fraction = 1.0
    mode: Literal["regular", "poisson"] = "regular"
    seed: NonNegativeInt = 0

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"seed": "mode is regular"} if self.mode == "regular" else {}

    @model_validator(mode="after")
    def _there_is_a_range(self) -> RateEncoder:
        if self.low >= self.high:
            raise ValueError(f"low: should be below high ({self.high}), got {self.low}")
        return self

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that inputs lie where all of them are encoded alike."""
        return beyond(x, self.low, self.high)

    def start(self, n_out: int) -> State:
        """Return the state before the first step: nothing summed up."""
        return self.State(np.zeros(n_out), np.zeros((), np.int64))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, spikes)`` one step later."""
        share = np.clip((x - self.low) / (self.high - self.low), 0, 1)
        rate, n = self.max_rate * share, len(x)
        if self.mode == "poisson":
            counts = (self.seed << 40) + state.age * n + np.arange(n)
            drawn = ((chance(counts) >> 11) & ((1 << 53) - 1)).astype(float) * 2.0**-53
            spikes = (drawn < rate).astype(x.dtype)
            return self.State(state.sums, state.age + 1), spikes
        sums = state.sums + rate
        spikes = (sums >= 1).astype(x.dtype)
        return self.State(sums - spikes, state.age + 1), spikes
