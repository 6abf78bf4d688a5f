"""Forecasting by recursive least squares, one small problem for each unit: online, unsupervised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.node import Node
from nodegraph.rule import Seen
from nodes.rules.population import PopulationRule

if TYPE_CHECKING:
    from nodes.kernels.populations import Loop

__all__ = ["Forecast", "due_features"]

WIND_UP = 1e6  # mean eigenvalue of P, times alpha, at which a unit starts anew
LANES = 16  # units that the compiled rule takes side by side


class Forecast(PopulationRule):
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
        """What each unit remembers; in double precision whatever that of the model."""

        P: Array  # (groups, q (q + 1) / 2, 16): rows of lower triangles, 16 units side by side
        error: Array  # (units,) fading mean of e^2
        mean: Array  # (units,) of c
        spread: Array  # (units,) of (c - mean)^2

    modifies: ClassVar[tuple[str, ...]] = ("head", "skill")

    forgetting: Fraction = 0.9998
    alpha: PositiveFloat = 0.01
    fading: Fraction = 0.005
    gate: bool = True
    epochs: PositiveInt = 4

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        units, q = params.head.shape
        P = np.tile(np.eye(q) / self.alpha, (units, 1, 1))
        return self.Memory(_packed(P), *np.zeros((3, units)))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after each unit has looked at its own forecast."""
        h, due = due_features(params, seen.state)
        c = seen.x[params.channel].astype(float)
        e = c - (params.head * h).sum(axis=1)
        P = _unpacked(memory.P, *params.head.shape)
        head, changed = self._least_squares(params.head, P, h, e)
        means = zip(self._means(memory, c, e), memory[1:], strict=True)
        kept = self.Memory(
            _packed(_where(due, changed, P)), *(np.where(due, new, old) for new, old in means)
        )
        skill = np.where(due, self._skill(kept), params.skill)
        dtype = params.head.dtype
        head = _where(due, head, params.head)
        return params._replace(head=head.astype(dtype), skill=skill.astype(dtype)), kept

    def _least_squares(self, head: Array, P: Array, h: Array, e: Array) -> tuple[Array, Array]:
        Ph = np.einsum("uij,uj->ui", P, h)
        hPh = (h * Ph).sum(axis=1)
        g = 1 / (self.forgetting + hPh)
        P = (P - (Ph[:, :, None] * Ph[:, None, :]) * g[:, None, None]) * (1 / self.forgetting)
        q = P.shape[1]
        sound = (hPh >= 0) & (np.trace(P, axis1=1, axis2=2) <= WIND_UP * q / self.alpha)
        return head + Ph * (g * e)[:, None], _where(sound, P, np.eye(q) / self.alpha)

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

    def shortest(self, node: Node) -> int:
        """Return the first step at which something can be learned, and one more."""
        return int(getattr(node, "reach", 0) + getattr(node, "horizon", 0)) + 1

    @property
    def settings(self) -> tuple[float, ...]:
        """Forgetting, alpha, fading, gate and wind-up, for the compiled loop."""
        return self.forgetting, self.alpha, self.fading, self.gate, WIND_UP

    @property
    def loop(self) -> Loop:
        """The compiled loop of these units."""
        from nodes.kernels.forecasting import FORECASTING

        return FORECASTING


def due_features(params: Any, state: Any) -> tuple[Array, Array]:
    """Return the features, (units, q), from which units forecast the last step, and who did so.

    Features count once the bus and the forecasts on it have filled up.
    """
    made = int(state.steps) - 1 - params.tau
    h = state.features[made % len(state.features), np.arange(len(made))].astype(float)
    return h, made >= len(state.bus) + len(state.features) - 2


def _packed(P: Array) -> Array:
    """Return lower triangles of (units, q, q) as the memory holds them."""
    rows = P[:, *np.tril_indices(P.shape[1])]
    padded = np.zeros((-(-len(P) // LANES) * LANES, rows.shape[1]))
    padded[: len(P)] = rows
    return np.ascontiguousarray(padded.reshape(-1, LANES, rows.shape[1]).transpose(0, 2, 1))


def _unpacked(packed: Array, units: int, q: int) -> Array:
    """Return symmetric matrices, (units, q, q)."""
    rows = packed.transpose(0, 2, 1).reshape(-1, packed.shape[1])[:units]
    i, j = np.tril_indices(q)
    P = np.empty((units, q, q))
    P[:, i, j] = P[:, j, i] = rows
    return P


def _where(chosen: Array, new: Array, old: Array) -> Array:
    """Return `new` for the chosen units, `old` for the others."""
    return np.where(chosen.reshape(-1, *[1] * (np.ndim(new) - 1)), new, old)
