"""Intrinsic plasticity: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt, model_validator

from nodegraph import Array, Node, Rule, Seen
from nodegraph.maths import activate, matvec
from nodes.parts.plasticity import scaled_rows

__all__ = ["IntrinsicPlasticity"]

LEAST_GAIN, MOST_GAIN = 1e-3, 1e3


class IntrinsicPlasticity(Rule):
    """Let each unit find the gain and bias that give its activity a wanted distribution.

    A unit computes ``y = f(a n + b)`` from its net input n. For tanh the wanted distribution is
    normal [1]_::

        db = -rate (-mu / sigma^2 + y / sigma^2 (2 sigma^2 + 1 - y^2 + mu y))
        da = rate / a + db n

    and for the sigmoid exponential with mean mu [2]_::

        db = rate (1 - (2 + 1 / mu) y + y^2 / mu)
        da = rate / a + db n

    The gain multiplies the unit's rows of W, W_in and W_fb, where it stays; b is its bias. The gain
    is kept between 0.001, so that no unit falls silent for good, and 1000: a unit whose net input
    never changes cannot reach the distribution, and its gain would grow with the root of time.

    Parameters
    ----------
    rate : float
        Size of the change.
    mu, sigma : float
        Mean and standard deviation of the wanted distribution; `sigma` for tanh only.
    activation : {"tanh", "sigmoid"}
        The activation of the reservoir.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] B. Schrauwen, M. Wardermann, D. Verstraeten, J. Steil, D. Stroobandt, Neurocomputing 71
       (2008) 1159-1171.
    .. [2] J. Triesch, ICANN (2005) 65-70.
    """

    class Memory(NamedTuple):
        """The gain of each unit."""

        gain: Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "W_in", "W_fb", "bias")

    rate: PositiveFloat = 5e-4
    mu: float = 0.0
    sigma: PositiveFloat = 0.2
    activation: Literal["tanh", "sigmoid"] = "tanh"
    epochs: PositiveInt = 1

    @model_validator(mode="after")
    def _mean_is_positive(self) -> IntrinsicPlasticity:
        if self.activation == "sigmoid" and self.mu <= 0:
            raise ValueError(f"mu should be above 0 for sigmoid, such as 0.2 (got {self.mu})")
        if abs(self.mu) >= 1:
            raise ValueError(
                f"mu: no {self.activation} has a mean of {self.mu}; it should be below 1 in size"
            )
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"sigma": "activation is sigmoid"} if self.activation == "sigmoid" else {}

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        own = getattr(node, "activation", None)
        if own is None:
            return f"IntrinsicPlasticity is of units with an activation, not {type(node).__name__}"
        if own != self.activation:
            return (
                f"IntrinsicPlasticity is for {self.activation}, the node's activation is {own}; "
                "it knows tanh and sigmoid: write activation= in both"
            )
        return super().refusal(node)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step: gain 1."""
        return self.Memory(np.ones(len(params.bias)))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        heard = matvec(params.W, seen.before.x) + matvec(params.W_in, seen.x)
        drive = heard + params.bias
        if (feedback := seen.ports.get("feedback")) is not None:
            fed = matvec(params.W_fb, feedback)
            heard, drive = heard + fed, drive + fed
        y = activate(self.activation, drive).astype(float)
        shift = self.rate * self._pull(y)
        gain = memory.gain + self.rate / memory.gain + shift * (heard / memory.gain)
        gain = np.clip(gain, LEAST_GAIN, MOST_GAIN)
        ratio = gain / memory.gain
        scaled = {name: scaled_rows(getattr(params, name), ratio) for name in ("W", "W_in", "W_fb")}
        bias = params.bias + shift.astype(params.bias.dtype)
        return params._replace(**scaled, bias=bias), self.Memory(gain)

    def _pull(self, y: Array) -> Array:
        """Return ``db / rate``."""
        if self.activation == "sigmoid":
            return 1 - (2 + 1 / self.mu) * y + y * y / self.mu
        s2 = self.sigma**2
        pull: Array = (self.mu - y * (2 * s2 + 1 - y * y + self.mu * y)) / s2
        return pull

    def measure(self, params: Any, memory: Memory) -> dict[str, float]:
        """Return the mean gain."""
        return {"gain": float(memory.gain.mean())}
