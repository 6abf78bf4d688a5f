"""A linear readout that learns values from rewards by temporal differences."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import PositiveFloat

from nodegraph import UnitInterval
from nodes.parts.linear_readout import LinearReadout
from nodes.parts.rewards import check_rewards
from nodes.rules.temporal_difference import TemporalDifference

__all__ = ["TD"]


class TD(LinearReadout):
    """Linear readout ``y = W_out x + bias`` that learns to predict the sum of coming rewards.

    What is wired to its port ``reward`` is r, and ``y[t]`` predicts
    ``r[t+1] + discount r[t+2] + discount^2 r[t+3] + ...``. What is wired to its port ``discount``
    takes the place of the field; 0 there ends an episode with the reward of that step. See
    `nodes.rules.TemporalDifference`.

    Parameters
    ----------
    units : int, optional
        Number of outputs, 1 unless W_out tells; one reward for all of them, or one for each.
    rate : float
        Size of the step.
    discount : float in [0, 1]
        Worth of a reward one step later.
    trace_decay : float in [0, 1]
        lambda, how far back a surprise reaches; 0 for the last step alone.
    fit_bias : bool
        Whether there is a bias.
    method : {"td", "residual", "average"}
        Temporal differences, those that go down the slope of the squared surprise, or those of
        rewards above their mean.
    mean_rate : float
        How fast "average" learns the mean reward.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,) to start from.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> x, reward, td = Input(name="x"), Input(name="reward"), TD(rate=0.1, discount=0.5)
    >>> model = ng.Model((x >> td) & (reward >> td["reward"]))
    >>> ones = np.ones((500, 1))
    >>> model.partial_fit({"x": ones, "reward": ones})[-1].round(3)  # 1 / (1 - 0.5)
    array([2.])
    """

    rate: PositiveFloat = 0.01
    discount: UnitInterval = 0.9
    trace_decay: UnitInterval = 0.0
    method: Literal["td", "residual", "average"] = "td"
    mean_rate: PositiveFloat = 0.01

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {**super().idle(), **TemporalDifference(method=self.method).idle()}

    @property
    def rule(self) -> TemporalDifference:
        """The rule that it learns by."""
        return TemporalDifference(**self.shared(TemporalDifference))

    @property
    def declared_size(self) -> int:
        """The number of outputs: ``units``, what W_out tells, or 1."""
        return super().declared_size or 1

    @property
    def ready(self) -> bool:
        """It may run at once: values are 0 before anything was learned."""
        return True

    def init(
        self, rng: np.random.Generator, n_in: int, n_out: int, reward: int = 0, discount: int = 0
    ) -> Any:
        """Return the weights that were given, or zeros."""
        check_rewards(n_out, reward=reward, discount=discount)
        return super().init(rng, n_in, n_out)
