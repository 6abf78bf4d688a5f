"""Reward-modulated Hebbian learning: online, from rewards."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Fraction, Rule, Seen
from nodegraph.maths import cond, dot, outer, total, where

__all__ = ["RewardHebb"]


class RewardHebb(Rule):
    """Hebbian learning of what was done by chance and turned out well.

    With d steps between an output and its reward r, and fading means ``ym`` of the output and
    ``rm`` of the reward before this step::

        W = W + rate M (y[t-d] - ym[t-d-1]) z[t-d]',   z = [x, 1], or x without bias
        M = r[t] - rm[t-1]                             (difference [1]_)
        M = 1 if r[t] > rm[t-1] else 0                 (binary [2]_)

    The node must try something, as `RewardReadout` does with its noise. Two safeguards: where the
    rate is above ``1 / (|M| |z|^2)``, that is taken, and weights of an output that are longer than
    `bound` are scaled back to it, since with a reward that says nothing they would grow at random.

    Parameters
    ----------
    rate : float
        Size of the change.
    modulation : {"difference", "binary"}
        Whether it counts by how much a reward is above its mean, or only that it is.
    fading : float in (0, 1]
        Weight of the newest step in the means.
    delay : int
        Steps from an output to its reward: 1 if what judges the output reads it one step later.
    bound : float
        Greatest length of the weights of an output, bias included.
    fit_bias : bool
        Whether there is a bias.

    References
    ----------
    .. [1] R. Legenstein, S. M. Chase, A. B. Schwartz, W. Maass, Journal of Neuroscience 30 (2010)
       8400-8410.
    .. [2] G. M. Hoerzer, R. Legenstein, W. Maass, Cerebral Cortex 24 (2014) 677-690.
    """

    class Memory(NamedTuple):
        """Inputs and deviations of the last steps, oldest first, and fading means; float64."""

        z: Array  # (delay, q), q = n_in + 1 with bias
        tried: Array  # (delay, n_out), y - ym
        output: Array  # (n_out,), ym
        reward: Array  # (n_out,), rm
        steps: Array  # () int, steps so far

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rate: PositiveFloat = 0.05
    modulation: Literal["difference", "binary"] = "difference"
    fading: Fraction = 0.5
    delay: PositiveInt = 1
    bound: PositiveFloat = 100.0
    fit_bias: bool = True

    @property
    def ports(self) -> tuple[str, ...]:
        """The port `reward`."""
        return ("reward",)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        n_out, n_in = params.W_out.shape
        z = np.zeros((self.delay, n_in + self.fit_bias))
        zeros = np.zeros(n_out)
        tried = np.zeros((self.delay, n_out))
        return self.Memory(z, tried, zeros, zeros.copy(), np.zeros((), np.int64))

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series: what is judged is of that series."""
        return self.Memory(*map(np.zeros_like, memory))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        reward = np.broadcast_to(seen.ports["reward"].astype(float), seen.y.shape)
        judged = memory.steps >= self.delay
        usual = where(memory.steps > self.delay, memory.reward, reward)
        better = reward - usual
        params = cond(judged, lambda old: self._learned(old, memory, better), params)
        z = np.append(seen.x, 1.0) if self.fit_bias else seen.x.astype(float)
        output = where(memory.steps > 0, memory.output, seen.y)
        tried = seen.y - output
        after = self.Memory(
            np.concatenate([memory.z[1:], z[None]]),
            np.concatenate([memory.tried[1:], tried[None]]),
            output + self.fading * tried,
            where(judged, usual + self.fading * better, memory.reward),
            memory.steps + 1,
        )
        return params, after

    def measure(self, params: Any, memory: Memory) -> dict[str, float]:
        """Return the fading mean of the reward."""
        return {"reward": float(memory.reward.mean())}

    def _learned(self, params: Any, memory: Memory, better: Array) -> Any:
        """Return the params after an output of which it is known how good it was."""
        n, dtype, z = params.W_out.shape[1], params.W_out.dtype, memory.z[0]
        M = (better > 0).astype(float) if self.modulation == "binary" else better
        rate = 1 / np.maximum(np.abs(M) * dot(z, z), 1 / self.rate)
        step = rate * M * memory.tried[0]
        W = params.W_out + outer(step, z[:n])
        bias = params.bias + step * z[n] if self.fit_bias else params.bias.astype(float)
        length = np.sqrt(total(W * W, axis=1) + bias * bias)
        shrink = np.maximum(length / self.bound, 1)
        return params._replace(
            W_out=(W / shrink[:, None]).astype(dtype), bias=(bias / shrink).astype(dtype)
        )
