"""Temporal differences: online, from rewards."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Array, Rule, Seen, UnitInterval
from nodegraph.maths import matvec, norm

__all__ = ["TemporalDifference"]


class TemporalDifference(Rule):
    """Learn to predict the discounted sum of coming rewards, ``y[t] ~ r[t+1] + g r[t+2] + ...``.

    TD(lambda) with accumulating traces [1]_; with ``z = [x, 1]``, or x without bias::

        d = r[t] + g[t] W z[t] - W z[t-1]
        W = W + rate d e
        e = g[t] lambda e + z[t]

    r[t] is what arrives at the port ``reward``, and g[t] what arrives at the port ``discount``, or
    the field if nothing is wired there. A discount of 0 ends an episode: what came before has no
    part in what comes after. A step never overshoots: where the rate is above
    ``1 / (|e| (|z[t-1]| + g |z[t]|))``, that is taken; it is below the bound of [2]_.

    Parameters
    ----------
    rate : float
        Size of the step.
    discount : float in [0, 1]
        g, the worth of a reward one step later.
    trace_decay : float in [0, 1]
        lambda, how far back a surprise reaches; 0 for the last step alone.
    fit_bias : bool
        Whether there is a bias.

    References
    ----------
    .. [1] R. S. Sutton, Machine Learning 3 (1988) 9-44.
    .. [2] W. Dabney, A. Barto, AAAI Conference on Artificial Intelligence 26 (2012) 872-878.
    """

    class Memory(NamedTuple):
        """The input of the step before, and the traces of each output, float64."""

        z: Array  # (q,), q = n_in + 1 with bias
        trace: Array  # (n_out, q)

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rate: PositiveFloat = 0.01
    discount: UnitInterval = 0.9
    trace_decay: UnitInterval = 0.0
    fit_bias: bool = True

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports `reward` and `discount`."""
        return ("reward", "discount")

    @property
    def needs(self) -> tuple[str, ...]:
        """The port `reward`."""
        return ("reward",)

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step: nothing to learn about yet."""
        n_out, n_in = params.W_out.shape
        q = n_in + self.fit_bias
        return self.Memory(np.zeros(q), np.zeros((n_out, q)))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        n = len(seen.x)
        z = np.append(seen.x, 1.0) if self.fit_bias else seen.x.astype(float)
        discount = seen.ports.get("discount", np.array([self.discount])).astype(float)
        before = matvec(params.W_out.astype(float), memory.z[:n]) + params.bias
        surprise = seen.ports["reward"] + discount * seen.y - before
        rate = self._pace(memory, discount, z)
        change = ((rate * surprise)[:, None] * memory.trace).astype(params.W_out.dtype)
        bias = params.bias + change[:, n] if self.fit_bias else params.bias
        trace = (discount * self.trace_decay)[:, None] * memory.trace + z
        return params._replace(W_out=params.W_out + change[:, :n], bias=bias), self.Memory(z, trace)

    def _pace(self, memory: Memory, discount: Array, z: Array) -> Array:
        """Return the rate of each output, held back where its steps could overshoot."""
        reach = norm(memory.z) + discount * norm(z)
        most = norm(memory.trace, axis=1) * reach
        rate: Array = 1 / np.maximum(most, 1 / self.rate)
        return rate
