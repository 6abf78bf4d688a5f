"""Forecasting by recursive least squares, one small problem for each unit: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.node import Node
from nodegraph.rule import Learned, Lesson, Rule, Seen

__all__ = ["Forecast"]

WIND_UP = 1e6  # mean eigenvalue of P at which a unit starts anew


class Forecast(Rule):
    """Let each unit forecast its own input channel, from its own features alone.

    Unit i compares its channel ``c = x_i[t]`` with the forecast that it made ``tau_i`` steps ago
    from its features h. With ``e = c - head . h[t - tau_i]`` and
    ``g = 1 / (forgetting + h' P h)``: ``head += g e P h`` and
    ``P = (P - g P h (P h)') / forgetting`` [1]_. P starts anew as ``I / alpha`` when its trace has
    grown a million times per feature, as it does when nothing happens for long.

    The skill of a unit is ``1 - mean(e^2) / var(c)``, clipped to [0, 1], with exponentially fading
    means.

    Parameters
    ----------
    forgetting : float in (0, 1]
        Weight of the past at each step; 1 forgets nothing.
    alpha : float, above 0
        Strength of the pull towards the first weights.
    fading : float in (0, 1]
        Weight of the newest step in the means that make the skill.
    gate : bool
        Whether the skill is measured; else it is 1.
    epochs : int
        How often `fit` goes through the data. What the units read changes while the others learn;
        in the second pass much less.

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 4th ed., Prentice Hall (2002), chapter 9.
    """

    class Memory(NamedTuple):
        """What each unit remembers; in double precision whatever that of the model."""

        P: Array  # (units, q, q)
        error: Array  # (units,) fading mean of e^2
        mean: Array  # (units,) of c
        spread: Array  # (units,) of (c - mean)^2

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("head", "skill")

    forgetting: Fraction = 0.9995
    alpha: PositiveFloat = 1.0
    fading: Fraction = 0.005
    gate: bool = True
    epochs: PositiveInt = 2

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        units, q = params.head.shape
        P = np.tile(np.eye(q) / self.alpha, (units, 1, 1))
        return self.Memory(P, *np.zeros((3, units)))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after each unit has looked at its own forecast."""
        state, units = seen.state, np.arange(len(params.tau))
        rows = (state.steps - 1 - params.tau) % len(state.features)
        h = state.features[rows, units].astype(float)
        due = h[:, params.reads.shape[1]] == 1  # the constant feature: 0 before the start
        c = seen.x[params.channel].astype(float)
        e = c - (params.head * h).sum(axis=1)
        head, P = self._least_squares(params.head, memory.P, h, e)
        changed = self.Memory(P, *self._means(memory, c, e))
        kept = self.Memory(
            *(_where(due, new, old) for new, old in zip(changed, memory, strict=True))
        )
        skill = np.where(due, self._skill(kept), params.skill)
        dtype = params.head.dtype
        head = _where(due, head, params.head)
        return params._replace(head=head.astype(dtype), skill=skill.astype(dtype)), kept

    def _least_squares(self, head: Array, P: Array, h: Array, e: Array) -> tuple[Array, Array]:
        Ph = np.einsum("uij,uj->ui", P, h)
        g = 1 / (self.forgetting + (h * Ph).sum(axis=1))
        P = (P - (Ph[:, :, None] * Ph[:, None, :]) * g[:, None, None]) * (1 / self.forgetting)
        q = P.shape[1]
        wound_up = np.trace(P, axis1=1, axis2=2) > WIND_UP * q / self.alpha
        return head + Ph * (g * e)[:, None], _where(wound_up, np.eye(q) / self.alpha, P)

    def _means(self, memory: Memory, c: Array, e: Array) -> tuple[Array, Array, Array]:
        error = memory.error + self.fading * (e * e - memory.error)
        mean = memory.mean + self.fading * (c - memory.mean)
        spread = memory.spread + self.fading * ((c - mean) * (c - mean) - memory.spread)
        return error, mean, spread

    def _skill(self, memory: Memory) -> Array:
        if not self.gate:
            return np.ones_like(memory.error)
        floor = np.finfo(float).tiny
        skill: Array = np.clip(1 - memory.error / np.maximum(memory.spread, floor), 0, 1)
        return skill

    def measure(self, params: Any, memory: Memory) -> dict[str, float]:
        """Return the units' own error, the root of the mean of e^2, and their mean skill."""
        error = float(np.sqrt(memory.error.mean()))
        return {"error": error, "skill": float(params.skill.mean())}

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Let the units live through a chunk and learn in one compiled loop."""
        from nodes.kernels.forward import forecast_chunk

        params = params._replace(head=params.head.copy(), skill=params.skill.copy())
        settings = self.forgetting, self.alpha, self.fading, self.gate, WIND_UP
        state, ys = forecast_chunk(
            params, state, lesson.inputs["x"], lesson.rows, tuple(memory), settings
        )
        return Learned(params, state, memory, ys)


def _where(chosen: Array, new: Array, old: Array) -> Array:
    """Return `new` for the chosen units, `old` for the others."""
    return np.where(chosen.reshape(-1, *[1] * (old.ndim - 1)), new, old)
