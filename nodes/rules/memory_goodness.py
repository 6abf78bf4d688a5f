"""Goodness of what came against what did not, one small problem for each cell with a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat

from nodegraph.arrays import Array
from nodegraph.node import Node
from nodegraph.rule import Seen
from nodes.rules.population import PopulationRule

if TYPE_CHECKING:
    from nodes.kernels.populations import Loop

__all__ = ["MemoryGoodness", "bound_loops"]

EPSILON = 1e-2  # keeps the rates finite where nothing happens
MOST = 3.0  # norm of a row of W


class MemoryGoodness(PopulationRule):
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

    modifies: ClassVar[tuple[str, ...]] = ("W",)

    rate: PositiveFloat = 0.015
    negatives: Literal["past", "shuffled", "mispredicted"] = "past"
    threshold: PositiveFloat = 2.5
    loop_gain: PositiveFloat | None = None

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` one step later."""
        state, now = seen.state, int(seen.state.steps) - 1
        if now < len(state.past):
            return params, memory
        z, false = state.past[now % len(state.past)], self._false(params, state, now)
        up = self._pull(params.W, z, state.before, real=True)
        down = self._pull(params.W, false, state.before, real=False)
        W = params.W + self.rate * (up - down)
        norm = np.sqrt((W**2).sum(axis=2, keepdims=True))
        W = np.where(norm > MOST, W * (MOST / np.maximum(norm, MOST)), W)
        if self.loop_gain is not None:
            W = bound_loops(W, params.reads, len(seen.x), self.loop_gain)
        return params._replace(W=W.astype(params.W.dtype)), memory

    def _pull(self, W: Array, z: Array, before: Array, real: bool) -> Array:
        """Return the slope of the log-probability of being right about z, normalised."""
        v = np.concatenate([z, before, np.ones_like(z[:, :1])], axis=1).astype(float)
        h = np.tanh(np.einsum("cij,cj->ci", W, v))
        q = 1 / (1 + np.exp(self.threshold - (h**2).sum(axis=1)))
        weight = ((1 - q) if real else q) / (EPSILON + (v**2).sum(axis=1))
        slope: Array = (weight[:, None] * h * (1 - h * h))[:, :, None] * v[:, None, :]
        return slope

    def _false(self, params: Any, state: Any, now: int) -> Array:
        span, cells, m = state.past.shape
        every = np.arange(cells)
        if self.negatives == "mispredicted":
            return np.asarray(2 * state.past[(now - 1) % span] - state.past[(now - 2) % span])
        if self.negatives == "past":
            back = 1 + _chance(now, params.salt) % (span - 1)
            return np.asarray(state.past[(now - back) % span, every])
        turn = 1 + _chance(now, params.salt) % max(1, m - 1)
        places = (np.arange(m)[None, :] + turn[:, None]) % m
        return np.asarray(state.past[now % span][every[:, None], places])

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

    @property
    def loop(self) -> Loop:
        """The compiled loop of these units."""
        from nodes.kernels.memory_goodness import MEMORY_GOODNESS

        return MEMORY_GOODNESS


def bound_loops(W: Array, reads: Array, n_in: int, most: float) -> Array:
    """Return W with weights of memories small enough for a gain of `most`.

    With u = [z, M, 1], ``|dM| <= gain max |dM|`` for the part of a cell's next memory that is new,
    where gain is the norm of its weights of M plus those of each state in z: neither tanh nor the
    division by ``sqrt(1 + mean(h^2))`` makes a difference larger.
    """
    m, d = reads.shape[1], W.shape[1]
    loops = np.ones((len(W), W.shape[2]), bool)
    loops[:, :m], loops[:, m + d :] = reads >= n_in, False
    own = np.sqrt((W[:, :, m : m + d] ** 2).sum(axis=(1, 2)))
    heard = np.sqrt((W[:, :, :m] ** 2).sum(axis=1))
    gain = own + np.where(loops[:, :m], heard, 0).sum(axis=1)
    scale = np.minimum(1, most / np.maximum(gain, most))
    bounded: Array = W * np.where(loops, scale[:, None], 1)[:, None, :]
    return bounded


def _chance(now: int, salt: Array) -> Array:
    """Return a whole number below 2^15 for each cell that looks random from step to step."""
    mixed = ((now % 2**31) * 1103515245 + salt) % 2147483647
    return mixed * 48271 % 2147483647 // 65536
