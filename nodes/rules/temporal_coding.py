"""Temporal predictive coding, one small problem for each cell: online, unsupervised."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import activate, einsum, mean, norm, total, where
from nodegraph.rule import Rule, Seen

__all__ = ["TemporalCoding"]

FLOOR = 1e-3  # of the variance of an error: no channel is predicted better than that
EPSILON = 1e-2  # keeps the rates finite where nothing happens
MOST_A, MOST_C = 1.5, 2.0  # norms of A and C, over those of unit rows


class TemporalCoding(Rule):
    """Let each cell predict its own next state, and what it reads, a bit better [1]_.

    With x the hidden state that the cell has relaxed to and p the one that it had forecast::

        A = A + rate (x - p) f(x[t-1])' / (0.01 + |f(x[t-1])|^2)
        C = C + rate (z - C f(x)) f(x)' / (0.01 + |f(x)|^2)

    The attention to a channel is its precision beside those of the others: with fading means v of
    the squared errors ``z - C f(p)``, pi is ``1 / (0.001 + v)``, scaled to a mean of 1 [2]_.

    Safeguards: the norm of A is held below ``1.5 sqrt(dim)``, that of C below
    ``2 sqrt(fan_in)``, by scaling the whole matrix down.

    Parameters
    ----------
    rate : float
        Part of an error that one step mends.
    fading : float in (0, 1]
        Weight of the newest step in the means of squared errors.
    attention : bool
        Whether precisions are learned; else they stay as they are.
    activation : {"tanh", "identity"}
        f of the node.

    References
    ----------
    .. [1] B. Millidge, M. Tang, M. Osanlouy, N. S. Harper, R. Bogacz, PLoS Comput. Biol. 20 (2024)
       e1011183.
    .. [2] H. Feldman, K. J. Friston, Front. Hum. Neurosci. 4 (2010) 215.
    """

    class Memory(NamedTuple):
        """Fading means of squared errors, (cells, fan_in), float64."""

        variance: Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("A", "C", "pi")

    rate: PositiveFloat = 0.005
    fading: Fraction = 0.01
    attention: bool = True
    activation: Literal["tanh", "identity"] = "tanh"

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {} if self.attention else {"fading": "attention is False"}

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step: ones."""
        return self.Memory(np.ones(params.pi.shape))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` one step later."""
        f = partial(activate, self.activation)
        x, before, z = (array.astype(float) for array in seen.state)
        p = einsum("cij,cj->ci", params.A, f(before))
        innovation = z - einsum("cij,cj->ci", params.C, f(p))
        A = _moved(params.A, self.rate, x - p, f(before), MOST_A)
        error = z - einsum("cij,cj->ci", params.C, f(x))
        C = _moved(params.C, self.rate, error, f(x), MOST_C)
        variance = memory.variance + self.fading * (innovation**2 - memory.variance)
        precision = 1 / (FLOOR + variance)
        pi = precision / mean(precision, axis=1, keepdims=True) if self.attention else params.pi
        dtype = params.A.dtype
        learned = {"A": A.astype(dtype), "C": C.astype(dtype), "pi": pi.astype(dtype)}
        return params._replace(**learned), self.Memory(variance)


def _moved(W: Array, rate: float, left: Array, right: Array, most: float) -> Array:
    """Return W one normalised step along ``left right'``, its norm held within bounds."""
    scale = rate / (EPSILON + total(right**2, axis=1))
    W = W + (scale[:, None] * left)[:, :, None] * right[:, None, :]
    length, bound = norm(W, axis=(1, 2), keepdims=True), most * np.sqrt(W.shape[1])
    W = where(length > bound, W * (bound / np.maximum(length, bound)), W)
    return W
