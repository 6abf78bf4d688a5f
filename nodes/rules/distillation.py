"""Features of linear attention that learn to attend as softmax does: online, unsupervised."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Seen
from nodegraph.maths import einsum, matvec, outer, softmax, total, vecmat
from nodes.parts.descent import Clock, Descent, clock, moments, settled
from nodes.parts.feature_maps import features

__all__ = ["Distillation"]


class Distillation(Descent):
    """Let the features of a `nodes.LinearAttention` attend as its own exact softmax does [1]_.

    Over the keys of the last `window` steps of a series, with d the width of a key::

        a_j = softmax(q . k_j / sqrt(d)),   p_j = phi(q) . phi(k_j) / sum_i phi(q) . phi(k_i)
        loss = -sum_j a_j log p_j

    Its slope goes through ``phi(x) = [e^h, e^-h], h = W x + b`` for query and keys; W and b move by
    Adam, see `nodes.parts.descent`. Teacher and pupil are both inside the node.

    Parameters
    ----------
    window : int
        How many keys are attended to.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] M. Zhang et al., Int. Conf. Learning Representations 12 (2024).
    """

    class Memory(NamedTuple):
        """The last keys; gradients, in double precision."""

        keys: Array  # (window, d), step t in row ``t % window``
        seen: Array  # () how many there were
        W: Array  # (3, m, d), see `nodes.parts.descent.moments`
        b: Array  # (3, m)
        clock: Clock

    modifies = ("W", "b")

    window: PositiveInt = 16
    rate: PositiveFloat = 0.01
    batch: PositiveInt = 16

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        d = params.W.shape[1]
        sums = {name: moments(getattr(params, name)) for name in self.modifies}
        keys = np.zeros((self.window, d))
        return self.Memory(keys=keys, seen=np.zeros((), np.int64), clock=clock(), **sums)

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series: none of its keys was seen."""
        return memory._replace(keys=np.zeros_like(memory.keys), seen=np.zeros_like(memory.seen))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        keys = memory.keys.copy()
        keys[memory.seen % self.window] = seen.ports["key"]
        there = np.arange(self.window) <= memory.seen
        dW, db = self._slope(params, seen.x.astype(float), keys, there)
        W, b = memory.W.copy(), memory.b.copy()
        W[0] += dW
        b[0] += db
        held = memory._replace(keys=keys, seen=memory.seen + 1, W=W, b=b)
        return settled(self, params, held, self.modifies)

    def _slope(self, params: Any, q: Array, keys: Array, there: Array) -> tuple[Array, Array]:
        """Return the gradients of the loss for W and b."""
        of_q = features("hedgehog", params, q)
        of_keys = features("hedgehog", params, keys)
        scores = matvec(keys, q) / np.sqrt(len(q))
        a = softmax(np.where(there, scores, -np.inf))
        s = np.where(there, matvec(of_keys, of_q), 1.0)
        pull = np.where(there, 1 / total(np.where(there, s, 0.0)) - a / s, 0.0)
        for_q = _through(vecmat(pull, of_keys), of_q)
        for_keys = _through(pull[:, None] * of_q, of_keys)
        dW = outer(for_q, q) + einsum("ji,jd->id", for_keys, keys)
        return dW, for_q + total(for_keys, axis=0)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        self.require_update(memory.clock)
        return params


def _through(slope: Array, phi: Array) -> Array:
    """Return the slope for h of one for ``phi = [e^h, e^-h]``."""
    m = phi.shape[-1] // 2
    change: Array = (slope * phi)[..., :m] - (slope * phi)[..., m:]
    return change
