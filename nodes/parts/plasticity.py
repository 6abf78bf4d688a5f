"""What rules share that let the weights of a reservoir grow: who was active before, who after."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from nodegraph import Array, Node, Rule, Seen
from nodegraph.arrays import is_sparse
from nodegraph.maths import Synapses, synapses

__all__ = ["Plasticity", "paced", "scaled_rows"]


def usual_rate(fields: Mapping[str, Any]) -> float:
    """Return the rate for these fields: slow for W, which a thousandth a step would blow up."""
    return 1e-3 if fields.get("weights") == "W_in" else 1e-6


SCALES = {"W": "spectral_radius", "W_in": "input_scaling"}  # the fields that can make them 0


class Plasticity(Rule):
    """Change each weight by a function of the two activities it joins, and of itself.

    For W the activity before the weight is that of the step before, for W_in the input. A weight
    that is 0 is no connection: it stays 0, whether weights are kept sparse or dense.

    Parameters
    ----------
    rate : float
        Size of the change; 0.001 for W_in and 1e-6 for W if left out.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.
    """

    class Memory(NamedTuple):
        """What the rule itself keeps for each unit."""

        own: Array  # (units,)

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "W_in")

    weights: Literal["W", "W_in"] = "W"
    rate: PositiveFloat = Field(default_factory=usual_rate)
    epochs: PositiveInt = 1

    @property
    def moving(self) -> tuple[str, ...]:
        """The weights that grow."""
        return (self.weights,)

    @abstractmethod
    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return the direction of change, element by element, of weights `w` from pre to post."""

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        given, scale = getattr(node, self.weights, None), SCALES[self.weights]
        scaling = getattr(node, scale, 1.0) if given is None else given
        if not is_sparse(scaling) and not np.any(scaling):
            where = scale if given is None else self.weights
            return (
                f"{type(self).__name__} changes {self.weights} where it is not 0, but {where} is 0 "
                "everywhere: give other weights, or let it change others by weights="
            )
        return super().refusal(node) or self._unheard(node)

    def _unheard(self, node: Node) -> str | None:
        """Return what of a node's activity is not to be had."""
        kind, state = type(node).__name__, getattr(getattr(node, "State", None), "_fields", ())
        if self.weights == "W" and "x" not in state:
            spikes = "; of spikes STDP learns" if "spikes" in state else ""
            return (
                f"{type(self).__name__} reads what units were a step before, the x of their state, "
                f"which {kind} does not have{spikes}"
            )
        if len(emitted := getattr(node, "emits", None) or ()) > 1:
            return (
                f"{type(self).__name__} reads one output of each unit, and {kind} gives out "
                f"{' and '.join(emitted)}"
            )
        return None

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate of each unit; rules that would overshoot hold it back here."""
        return np.full(len(y), self.rate)

    def heard(self, w: Synapses, y: Array, pre: Array) -> Array:
        """Return the activity before each weight."""
        means: Array = w.pre(pre)
        return means

    def keep(self, params: Any) -> Array:
        """Return what the rule keeps for each unit, at the start."""
        return np.zeros(len(params.bias))

    def after(self, own: Array, y: Array) -> Array:
        """Return what the rule keeps for each unit, a step later."""
        return own

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory(self.keep(params))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        W = getattr(params, self.weights)
        pre = seen.before.x if self.weights == "W" else seen.x
        grown = self.grown(synapses(W), seen.y, pre, memory.own)
        memory = self.Memory(self.after(memory.own, seen.y.astype(float)))
        return params._replace(**{self.weights: grown}), memory

    def grown(self, w: Synapses, y: Array, pre: Array, own: Array) -> Any:
        """Return the weights a step later; all but the rates in their own precision."""
        W, dtype = w.weights, w.weights.dtype
        rate = self.pace(y.astype(float), pre.astype(float), own).astype(dtype)
        change = self.growth(w.post(y), self.heard(w, y, pre), W, w.post(own.astype(dtype)))
        return w.matrix(W + np.where(W != 0, w.post(rate) * change, dtype.type(0)))


def paced(rate: float, most: Array) -> Array:
    """Return `rate`, held so low that ``rate * most`` is at most 1."""
    return 1 / np.maximum(most, 1 / rate)


def scaled_rows(W: Any, factors: Array) -> Any:
    """Return `W` with each row times its factor."""
    w = synapses(W)
    return w.matrix(w.weights * w.post(factors.astype(w.weights.dtype)))
