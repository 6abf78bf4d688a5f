"""Plasticity that depends on when spikes come: pairs of spikes, and rewards; online."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat

from nodegraph import Array, Rule, Seen
from nodegraph.maths import synapses

__all__ = ["STDP"]

SILENT = 1.2e-38  # about the least that float32 has in full precision


class STDP(Rule):
    """Spike-timing-dependent plasticity of recurrent weights, of all pairs of spikes [1]_.

    With s the spikes before and after this step, and traces of what was before,
    ``p_j = p_j e^(-1/tau_plus) + s_j[t-1]`` of the sources and
    ``q_i = q_i e^(-1/tau_minus) + s_i[t]`` of the targets, a weight from j to i changes in
    size by::

        dW_ij = a_plus s_i[t] p_j - a_minus q_i e^(-1/tau_minus) s_j[t-1]

    where p is that after this step and q that before it: a source that fired before its target
    strengthens, one that fired after it weakens. Weights keep their sign and stay within 0 and
    `bound` in size: one that has been weakened to nothing is 1e-38, and may grow again; one that
    is given as 0 is no synapse. With `reward` [2]_ the changes wait in an eligibility
    ``E = e^(-1/tau_reward) E + dW``, and ``W = W + r[t] E`` (in size, too) with what arrives at
    the port ``reward``. Each independent series, and what comes behind `Model.reset`, begins
    without traces.

    Parameters
    ----------
    a_plus, a_minus : float, at least 0
        Sizes of the changes.
    tau_plus, tau_minus : float
        How far apart spikes may be, in steps.
    bound : float
        Greatest size of a weight; drawn ones that are larger begin there.
    reward : bool
        Whether a reward decides.
    tau_reward : float
        How long a change waits for its reward, in steps.

    References
    ----------
    .. [1] S. Song, K. D. Miller, L. F. Abbott, Nature Neuroscience 3 (2000) 919-926.
    .. [2] E. M. Izhikevich, Cerebral Cortex 17 (2007) 2443-2452.
    """

    class Memory(NamedTuple):
        """Traces of sources and targets, and what waits for a reward, if one decides."""

        sources: Array  # (n,), p
        targets: Array  # (n,), q
        eligibility: Array  # one for each weight

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W",)

    a_plus: NonNegativeFloat = 0.005
    a_minus: NonNegativeFloat = 0.00525
    tau_plus: PositiveFloat = 20.0
    tau_minus: PositiveFloat = 20.0
    bound: PositiveFloat = 1.0
    reward: bool = False
    tau_reward: PositiveFloat = 100.0

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {} if self.reward else {"tau_reward": "reward is False"}

    @property
    def ports(self) -> tuple[str, ...]:
        """The port `reward`, if one decides."""
        return ("reward",) if self.reward else ()

    @property
    def single(self) -> tuple[str, ...]:
        """The port `reward`: one for all weights."""
        return self.ports

    def refusal(self, node: Any) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        if "spikes" not in getattr(getattr(node, "State", None), "_fields", ()):
            return f"STDP is of spikes, which {type(node).__name__} does not have; use LIF"
        W = getattr(node, "W", None)
        large = 0 if W is None else float(abs(W).max())
        if large > self.bound:
            return (
                f"STDP keeps weights within bound={self.bound:g}, and would cut those of W, up to "
                f"{large:.4g}, without a spike; give a bound above them"
            )
        if W is not None and not large:
            return "STDP changes W where it is not 0, but W is 0 everywhere: give other weights"
        return super().refusal(node)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step: no spikes."""
        n = params.W.shape[0]
        size = np.shape(synapses(params.W).weights) if self.reward else (0,)
        return self.Memory(np.zeros(n), np.zeros(n), np.zeros(size))

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series: no spikes, nothing that waits."""
        return self.Memory(*map(np.zeros_like, memory))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        w, before, now = synapses(params.W), seen.before.spikes, seen.state.spikes
        p = memory.sources * np.exp(-1 / self.tau_plus) + before
        q = memory.targets * np.exp(-1 / self.tau_minus)
        change = self.a_plus * w.post(now) * w.pre(p) - self.a_minus * w.post(q) * w.pre(before)
        waiting = memory.eligibility
        if self.reward:
            waiting = np.exp(-1 / self.tau_reward) * waiting + change
            change = seen.ports["reward"][0] * waiting
        size = np.clip(np.abs(w.weights) + change, SILENT, self.bound)
        grown = np.where(w.weights == 0, w.weights, np.copysign(size, w.weights))
        W = w.matrix(grown.astype(w.weights.dtype))
        return params._replace(W=W), self.Memory(p, q + now, waiting)
