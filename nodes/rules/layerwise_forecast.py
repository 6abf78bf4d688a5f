"""Layers that each foresee the next input: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PrivateAttr

from nodegraph import Array, Node, Seen
from nodegraph.maths import matvec, outer, vecmat, where
from nodes.parts.descent import Clock, Descent, clock, descend, moments
from nodes.parts.slopes import SLOPES

__all__ = ["LayerwiseForecast", "looked_at"]

HEADS = ("V", "offset")


class LayerwiseForecast(Descent):
    """Let each layer of a `nodes.TemporalConvolution` learn to foresee the next input [1]_.

    Layer l has a head of its own, ``x[t+1] ~ V_l h_l[t] + offset_l``, whose error e changes that
    layer alone: with z what it looked at, ::

        dW_l = -((V_l' e) f'_l) z',   dbias_l = -(V_l' e) f'_l,   dV_l = -e h_l',   doffset_l = -e

    No gradient goes from layer to layer. Weights move by Adam, see `nodes.parts.descent`.

    Parameters
    ----------
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] S. Loewe, P. O'Connor, B. S. Veeling, NeurIPS (2019), of another loss.
    """

    class Memory(NamedTuple):
        """Gradients, like params."""

        sums: Any  # of each array that learns its `nodes.parts.descent.moments`
        clock: Clock

    modifies: ClassVar[tuple[str, ...]] = ("W_in", "W", "bias", *HEADS)

    _node: Any = PrivateAttr(None)

    def of(self, node: Node) -> LayerwiseForecast:
        """Return this rule as it teaches `node`."""
        known = self.model_copy()
        known._node = node.model_copy()
        return known

    @property
    def moving(self) -> tuple[str, ...]:
        """Names of the arrays that learn."""
        return HEADS if self._node is None or self._node.frozen else self.modifies

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        none: dict[str, Any] = dict.fromkeys(params._fields, ())
        own = {name: moments(getattr(params, name)) for name in self.moving}
        return self.Memory(params._replace(**none | own), clock())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after each layer has looked at its own forecast."""
        found = [self._layer(params, seen, layer) for layer in range(len(params.V))]
        gradients = {name: np.stack([one[name] for one in found]) for name in HEADS}
        if not self._node.frozen:
            gradients["bias"] = np.stack([one["bias"] for one in found])
            gradients["W_in"] = found[0]["W"]
            if len(found) > 1:
                gradients["W"] = np.stack([one["W"] for one in found[1:]])
        sums = {}
        for name in gradients:
            sums[name] = getattr(memory.sums, name).copy()
            sums[name][0] += gradients[name]
        gathered = memory.sums._replace(**sums)
        params, gathered, now = descend(self, params, gathered, memory.clock, self.moving)
        return params, self.Memory(gathered, now)

    def _layer(self, params: Any, seen: Seen, layer: int) -> dict[str, Array]:
        """Return the gradients of one layer, from what it foresaw one step before."""
        before, V, h = seen.before, params.V[layer], seen.before.h[layer]
        error = seen.x - (matvec(V, h) + params.offset[layer])
        begun = where(before.steps > 0, 1.0, 0.0)  # what nothing was looked at for is no layer's
        told = -begun * vecmat(error, V) * SLOPES[self._node.activation](h)
        looked = looked_at(before.heard[layer], before.steps - 1, self._node.kernel, layer)
        return {"V": -outer(error, h), "offset": -error, "bias": told, "W": outer(told, looked)}

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        self.require_update(memory.clock)
        return params


def looked_at(ring: Array, now: Any, kernel: int, layer: int) -> Array:
    """Return what a layer looks at, the newest step first, in one row.

    Parameters
    ----------
    ring : ndarray, shape (span, width)
        What the layer below made, step t in row ``t % span``.
    now : int
        The newest step.
    kernel : int
    layer : int
        Its number from 0 on; it looks at every ``2^layer``-th step.

    Examples
    --------
    >>> looked_at(np.array([[3.0], [1.0], [2.0]]), 3, kernel=2, layer=1)
    array([3., 1.])
    """
    rows = (now - 2**layer * np.arange(kernel)) % len(ring)
    looked: Array = ring[rows].reshape(-1)
    return looked
