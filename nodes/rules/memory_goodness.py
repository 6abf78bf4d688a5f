"""Goodness of what came against what did not, one small problem for each cell with a memory."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat

from nodegraph.arrays import Array
from nodegraph.maths import cond, einsum, norm, sigmoid, tanh, total, where
from nodegraph.node import Node
from nodegraph.rule import Rule, Seen

__all__ = ["MemoryGoodness", "bound_loops"]

EPSILON = 1e-2  # keeps the rates finite where nothing happens
MOST = 3.0  # norm of a row of W


class MemoryGoodness(Rule):
    """Raise the goodness of what came, and lower that of what did not [1]_.

    With v = [z, M[t-1], 1] and the same with a negative in place of z, ``h = tanh(W v)``,
    ``G = |h|^2`` and ``q = 1 / (1 + e^(threshold - G))``::

        W = W + rate ((1 - q) s(v) - q s(negative)),  s(v) = h (1 - h^2) v' / (0.01 + |v|^2)

    Negatives come of the own past of the cell, never from another cell. Which time or channel is
    taken follows from the step and from the salt of the cell, so that a run can be repeated.

    Safeguards: nothing is learned before the kept past is full; the norm of each row of W is held
    at 3 or below, and the gain of loops at `loop_gain` or below, if one is given.

    Parameters
    ----------
    rate : float
        Learning rate.
    negatives : {"past", "shuffled", "mispredicted"}
        What is not real; see `nodes.forward.forward_forward.ForwardForwardUnit`.
    threshold : float, above 0
        Goodness at which a cell is in doubt.
    loop_gain : float, above 0, optional
        Bound on the norm of a cell's weights of memories: that of its own, and the sum of those of
        the states that it reads. Below 1 differences between memories fade.

    References
    ----------
    .. [1] G. Hinton, The forward-forward algorithm, arXiv:2212.13345 (2022).
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)
    looks_by: ClassVar[tuple[str, ...]] = ("span",)  # fields of its node

    rate: PositiveFloat = 0.015
    negatives: Literal["past", "shuffled", "mispredicted"] = "past"
    threshold: PositiveFloat = 2.5
    loop_gain: PositiveFloat | None = None

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` one step later."""
        now = seen.state.steps - 1
        full = now >= len(seen.state.past)
        return cond(full, lambda p: self._learned(p, seen, now), params), memory

    def _learned(self, params: Any, seen: Seen, now: Any) -> Any:
        """Return the params after step `now`."""
        state = seen.state
        z, false = state.past[now % len(state.past)], self._false(params, state, now)
        up = self._pull(params.W, z, state.before, real=True)
        down = self._pull(params.W, false, state.before, real=False)
        W = params.W + self.rate * (up - down)
        length = norm(W, axis=2, keepdims=True)
        W = where(length > MOST, W * (MOST / np.maximum(length, MOST)), W)
        if self.loop_gain is not None:
            W = bound_loops(W, params.reads, len(seen.x), self.loop_gain)
        return params._replace(W=W.astype(params.W.dtype))

    def _pull(self, W: Array, z: Array, before: Array, real: bool) -> Array:
        """Return the slope of the log-probability of being right about z, normalised."""
        v = np.concatenate([z, before, np.ones_like(z[:, :1])], axis=1).astype(float)
        h = tanh(einsum("cij,cj->ci", W, v))
        q = sigmoid(total(h**2, axis=1) - self.threshold)
        weight = ((1 - q) if real else q) / (EPSILON + total(v**2, axis=1))
        slope: Array = (weight[:, None] * h * (1 - h * h))[:, :, None] * v[:, None, :]
        return slope

    def _false(self, params: Any, state: Any, now: Any) -> Any:
        span, cells, m = state.past.shape
        every = np.arange(cells)
        if self.negatives == "mispredicted":
            return 2 * state.past[(now - 1) % span] - state.past[(now - 2) % span]
        if self.negatives == "past":
            back = 1 + _chance(now, params.salt) % (span - 1)
            return state.past[(now - back) % span, every]
        turn = 1 + _chance(now, params.salt) % max(1, m - 1)
        places = (np.arange(m)[None, :] + turn[:, None]) % m
        return state.past[now % span][every[:, None], places]

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        fields = getattr(getattr(node, "Params", None), "_fields", ())
        if {"W", "reads", "salt"}.issubset(fields):
            return None
        return (
            f"MemoryGoodness teaches the cells of forward units, not a {type(node).__name__}: "
            'write ForwardUnit(kind="goodness_memory", units=...)'
        )

    def shortest(self, node: Node) -> int:
        """Return the first step at which something can be learned, and one more."""
        return int(getattr(node, "span", 0)) + 1


def bound_loops(W: Array, reads: Array, n_in: int, most: float) -> Array:
    """Return W with weights of memories small enough for a gain of `most`.

    With u = [z, M, 1], ``|dM| <= gain max |dM|`` for the part of a cell's next memory that is new,
    where gain is the norm of its weights of M plus those of each state in z: neither tanh nor the
    division by ``sqrt(1 + mean(h^2))`` makes a difference larger.
    """
    m, d = reads.shape[1], W.shape[1]
    cells = len(W)
    parts = reads >= n_in, np.ones((cells, d), bool), np.zeros((cells, 1), bool)
    loops = np.concatenate(parts, axis=1)
    own = norm(W[:, :, m : m + d], axis=(1, 2))
    heard = norm(W[:, :, :m], axis=1)
    gain = own + total(where(loops[:, :m], heard, 0), axis=1)
    scale = np.minimum(1, most / np.maximum(gain, most))
    bounded: Array = W * where(loops, scale[:, None], 1)[:, None, :]
    return bounded


def _chance(now: Any, salt: Array) -> Any:
    """Return a whole number below 2^15 for each cell that looks random from step to step."""
    mixed = ((now % 2**31) * 1103515245 + salt) % 2147483647
    return mixed * 48271 % 2147483647 // 65536
