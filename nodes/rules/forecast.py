"""Forecasting by recursive least squares, one small problem for each unit: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import (
    cond,
    einsum,
    sym_diagonal,
    sym_eye,
    sym_matvec,
    sym_rank_one,
    total,
    where,
)
from nodegraph.node import Node
from nodegraph.rule import Rule, Seen

__all__ = ["Forecast", "due_features"]

WIND_UP = 1e6  # mean eigenvalue of P, times alpha, at which a unit starts anew


class Forecast(Rule):
    """Let each unit forecast its own input channel, from its own features alone.

    Unit i compares its channel ``c = x_i[t]`` with the forecast that it made ``tau_i`` steps ago
    from its features h. With ``e = c - head . h[t - tau_i]`` and
    ``g = 1 / (forgetting + h' P h)``: ``head += g e P h`` and
    ``P = (P - g P h (P h)') / forgetting`` [1]_.

    Safeguards: nothing is learned from features of the first steps of a series, which were made
    of zeros rather than of signals. P starts anew as ``I / alpha`` when its trace has grown 1e6
    times, as it does when nothing happens for long, or when round-off has made it indefinite.

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
        in later passes much less.

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 4th ed., Prentice Hall (2002), chapter 9.
    """

    class Memory(NamedTuple):
        """What each unit remembers; in double precision whatever that of the model.

        P waits for a change until the next features are there: one pass over it then does both
        the change and ``P h``.
        """

        P: Array  # (groups, q (q + 1) / 2, 16), rows of lower triangles
        along: Array  # (units, q), k of the change: P becomes (P + scale k k') growth
        scale: Array  # (units,)
        growth: Array  # (units,)
        error: Array  # (units,) fading mean of e^2
        mean: Array  # (units,) of c
        spread: Array  # (units,) of (c - mean)^2

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("head", "skill")
    looks_by: ClassVar[tuple[str, ...]] = ("reach", "horizon")  # fields of its node

    forgetting: Fraction = 0.9998
    alpha: PositiveFloat = 0.01
    fading: Fraction = 0.005
    gate: bool = True
    epochs: PositiveInt = 4

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        units, q = params.head.shape
        change = np.zeros((units, q)), np.zeros(units), np.ones(units)
        return self.Memory(sym_eye(q, units) / self.alpha, *change, *np.zeros((3, units)))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after each unit has looked at its own forecast."""
        h, due = due_features(params, seen.state)
        h = where(due[:, None], h.astype(float), 0.0)
        c = seen.x[params.channel].astype(float)
        e = where(due, c - einsum("uk,uk->u", params.head, h), 0.0)
        P = sym_rank_one(memory.P, memory.along, memory.scale, memory.growth)
        Ph = sym_matvec(P, h)  # in the same pass
        hPh = einsum("uk,uk->u", h, Ph)
        gain = 1 / (self.forgetting + hPh)
        head = params.head + Ph * (gain * e)[:, None]
        growth = where(due, 1 / self.forgetting, 1.0)
        P, gain, growth = self._sound(P, hPh, gain, growth)
        means = self._means(memory, c, e)
        means = tuple(where(due, new, old) for new, old in zip(means, memory[4:], strict=True))
        kept = self.Memory(P, Ph, -gain, growth, *means)
        skill = where(due, self._skill(kept), params.skill)
        dtype = params.head.dtype
        return params._replace(head=head.astype(dtype), skill=skill.astype(dtype)), kept

    def _sound(self, P: Array, hPh: Array, gain: Array, growth: Array) -> Any:
        """Return P, gain and growth, where units whose P is unsound start anew."""
        units, (groups, _, lanes) = len(hPh), P.shape
        diagonal = sym_diagonal(P)
        q = diagonal.shape[1]
        trace = total(diagonal, axis=1).reshape(-1)[:units]
        sound = (hPh >= 0) & (trace <= WIND_UP * q / self.alpha)

        def renewed(P: Array, gain: Array, growth: Array) -> Any:
            places = np.arange(groups * lanes).reshape(groups, 1, lanes)
            kept = sound[np.minimum(places, units - 1)]
            fresh = where(kept, P, sym_eye(q, units) / self.alpha)
            return fresh, where(sound, gain, 0.0), where(sound, growth, 1.0)

        return cond(~sound.all(), renewed, P, gain, growth)

    def _means(self, memory: Memory, c: Array, e: Array) -> tuple[Array, Array, Array]:
        error = memory.error + self.fading * (e * e - memory.error)
        mean = memory.mean + self.fading * (c - memory.mean)
        spread = memory.spread + self.fading * ((c - mean) * (c - mean) - memory.spread)
        return error, mean, spread

    def _skill(self, memory: Memory) -> Array:
        if not self.gate:
            return np.ones(len(memory.error))
        floor = np.finfo(float).tiny
        skill: Array = np.clip(1 - memory.error / np.maximum(memory.spread, floor), 0, 1)
        return skill

    def measure(self, params: Any, memory: Memory) -> dict[str, float]:
        """Return the units' own error, the root of the mean of e^2, and their mean skill."""
        error = float(np.sqrt(memory.error.mean()))
        return {"error": error, "skill": float(params.skill.mean())}

    def shortest(self, node: Node) -> int:
        """Return the first step at which something can be learned, and one more."""
        return int(getattr(node, "reach", 0) + getattr(node, "horizon", 0)) + 1


def due_features(params: Any, state: Any) -> tuple[Array, Array]:
    """Return the features, (units, q), from which units forecast the last step, and who did so.

    Features count once the bus and the forecasts on it have filled up.
    """
    now, rows = state.steps - 1, len(state.features)
    h = state.features[now % rows - params.tau, np.arange(len(params.tau))]
    return h, now - params.tau >= len(state.bus) + rows - 2
