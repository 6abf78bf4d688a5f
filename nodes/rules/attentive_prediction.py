"""Attention over the own past that learns to predict, one small problem for each cell."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveFloat

from nodegraph.arrays import Array
from nodegraph.maths import cond, einsum, norm, softmax, total, where
from nodegraph.node import Node
from nodegraph.rule import Rule, Seen

__all__ = ["AttentivePrediction", "attend"]

EPSILON = 1e-2  # keeps the rates finite where nothing happens
STEEPEST = 1.0  # pull on the logit of one step of the past
MOST_P, MOST_Q, MOST_B = 2.0, 3.0, 5.0


class AttentivePrediction(Rule):
    """Let each cell predict better what it will read, and attend to what helps to.

    With ``e = z - P v`` the error of the prediction that the cell made one step ago from
    ``v = [c, z]`` then, c the mean of its past B under the attention a, ``e' = P_c' e`` the pull
    on c, and ``d_j = a_j (B_j - c) . e'`` that on the logits, clipped to [-1, 1]::

        P = P + rate e v' / (0.01 + |v|^2)
        b = b + rate d
        Q = Q + rate sum_j d_j K B_j z' / (sqrt(keys) (0.01 + |z|^2))
        K = K + rate sum_j d_j Q z B_j' / (sqrt(keys) (0.01 + |z|^2))

    which is the slope of ``|e|^2 / 2`` through the softmax, inside the cell. The pull on c is
    normalised by ``0.01 + |e|^2``, so that loud inputs do not teach faster.

    Safeguards: the norm of P is held below ``2 sqrt(fan_in)``, those of Q and K below
    ``3 sqrt(keys)``, and b between -5 and 5.

    Parameters
    ----------
    rate : float
        Part of an error of prediction that one step mends.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("Q", "K", "b", "P")

    rate: PositiveFloat = 0.04

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` one step later."""
        now = seen.state.steps - 1
        return cond(now >= 1, lambda p: self._learned(p, seen.state.past, now), params), memory

    def _learned(self, params: Any, past: Array, now: Any) -> Any:
        """Return the params after step `now`."""
        m, keys = past.shape[2], params.Q.shape[1]
        v, a, B = (part.astype(float) for part in attend(params, past, now - 1))
        e = past[now % len(past)] - einsum("cij,cj->ci", params.P, v)
        z, c = v[:, m:], v[:, :m]
        pull = einsum("cij,ci->cj", params.P[:, :, :m], e)
        pull = pull / (EPSILON + total(e**2, axis=1, keepdims=True))
        d = a * einsum("cjm,cm->cj", B - c[:, None], pull)
        d = self.rate * np.clip(d, -STEEPEST, STEEPEST)
        share = 1 / (np.sqrt(keys) * (EPSILON + total(z**2, axis=1)))
        mean = einsum("cj,cjm->cm", d, B) * share[:, None]
        q, k = einsum("ckm,cm->ck", params.Q, z), einsum("ckm,cm->ck", params.K, mean)
        scale = self.rate / (EPSILON + total(v**2, axis=1))
        P = params.P + (scale[:, None] * e)[:, :, None] * v[:, None, :]
        learned = {
            "P": _bounded(P, MOST_P * np.sqrt(m)),
            "Q": _bounded(params.Q + k[:, :, None] * z[:, None, :], MOST_Q * np.sqrt(keys)),
            "K": _bounded(params.K + q[:, :, None] * mean[:, None, :], MOST_Q * np.sqrt(keys)),
            "b": np.clip(params.b + d, -MOST_B, MOST_B),
        }
        dtype = params.P.dtype
        return params._replace(**{n: w.astype(dtype) for n, w in learned.items()})

    def shortest(self, node: Node) -> int:
        """Return the first step at which something can be learned, and one more."""
        return 2


def attend(params: Any, past: Array, now: Any) -> tuple[Array, Array, Array]:
    """Return ``[c, z]``, the attention a, and what it is over, of the step `now`."""
    span, keys = params.b.shape[1], params.Q.shape[1]
    B = np.stack([past[(now - j) % len(past)] for j in range(span)], axis=1)
    q = einsum("ckm,cm->ck", params.Q, B[:, 0])
    wanted = einsum("ckm,ck->cm", params.K, q) / np.sqrt(keys)
    logits = einsum("cjm,cm->cj", B, wanted) + params.b
    a = softmax(logits, axis=1)
    return np.concatenate([einsum("cj,cjm->cm", a, B), B[:, 0]], axis=1), a, B


def _bounded(W: Array, most: float) -> Array:
    """Return W with the norm of each cell's matrix held at `most` or below."""
    length = norm(W, axis=(1, 2), keepdims=True)
    W = where(length > most, W * (most / np.maximum(length, most)), W)
    return W
