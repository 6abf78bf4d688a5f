"""A linear readout that tries things out and learns from rewards alone."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph import Array, Fraction
from nodes.parts.linear_readout import LinearReadout
from nodes.parts.rewards import check_rewards
from nodes.rules.reward_hebb import RewardHebb

__all__ = ["RewardReadout"]


class RewardReadout(LinearReadout):
    """Linear readout ``y = W_out x + bias + noise`` that learns from what is rewarded.

    The noise is there in `partial_fit` and `fit` only. What is wired to its port ``reward`` says
    how good the output was `delay` steps ago; no target is needed, nor which output was wrong, or
    in which direction. See `nodes.rules.RewardHebb`.

    Parameters
    ----------
    units : int, optional
        Number of outputs, 1 unless W_out tells; one reward for all of them, or one for each.
    rate : float
        Size of the change.
    modulation : {"difference", "binary"}
        Whether it counts by how much a reward is above its mean, or only that it is.
    fading : float in (0, 1]
        Weight of the newest step in the means of output and reward.
    delay : int
        Steps from an output to its reward.
    bound : float
        Greatest length of the weights of an output, bias included.
    noise : float, at least 0
        Standard deviation of what it tries.
    fit_bias : bool
        Whether there is a bias.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,) to start from.
    """

    rate: PositiveFloat = 0.05
    modulation: Literal["difference", "binary"] = "difference"
    fading: Fraction = 0.5
    delay: PositiveInt = 1
    bound: PositiveFloat = 100.0
    noise: NonNegativeFloat = 0.1

    @property
    def rule(self) -> RewardHebb:
        """The rule that it learns by."""
        return RewardHebb(**{name: getattr(self, name) for name in RewardHebb.model_fields})

    @property
    def declared_size(self) -> int:
        """The number of outputs: ``units``, what W_out tells, or 1."""
        return super().declared_size or 1

    @property
    def ready(self) -> bool:
        """It may run at once: it gives out 0 before anything was learned."""
        return True

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, reward: int = 0) -> Any:
        """Return the weights that were given, or zeros."""
        check_rewards(n_out, reward=reward)
        return super().init(rng, n_in, n_out)

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that it tried nothing, so that no reward could teach it."""
        if self.noise or y.any():
            return []
        return ["noise is 0, so that it tried nothing and learned nothing: give a noise above 0"]

    def step(
        self, params: Any, state: Any, x: Array, noise: Array | None = None
    ) -> tuple[Any, Array]:
        """Return ``(state, W_out x + bias + noise)``."""
        state, y = super().step(params, state, x)
        return state, y if noise is None else y + noise

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return normal noise with the standard deviation `noise`, or None if that is 0."""
        return None if self.noise == 0 else self.noise * rng.standard_normal((n_steps, n_out))
