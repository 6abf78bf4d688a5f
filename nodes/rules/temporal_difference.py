"""Temporal differences: online, from rewards."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Array, Rule, Seen, UnitInterval
from nodegraph.maths import matvec, norm, where

__all__ = ["TemporalDifference"]


class TemporalDifference(Rule):
    """Learn to predict the discounted sum of coming rewards, ``y[t] ~ r[t+1] + g r[t+2] + ...``.

    TD(lambda) with accumulating traces [1]_; with ``z = [x, 1]``, or x without bias::

        d = r[t] + g[t] W z[t] - W z[t-1]
        W = W + rate d e
        e = g[t] lambda e + z[t]

    r[t] is what arrives at the port ``reward``, and g[t] what arrives at the port ``discount``, or
    the field if nothing is wired there. A discount of 0 ends an episode: what came before has no
    part in what comes after.

    With ``method="residual"`` the squared surprise goes down its own slope, the discounted value
    included [3]_; it has no traces. With ``method="average"`` values are those of rewards above
    their mean, which is learned beside them [4]_, and nothing is discounted unless a port says so::

        residual:  W = W + rate d (z[t-1] - g[t] z[t])
        average:   d = r[t] - mean + g[t] W z[t] - W z[t-1],   mean = mean + mean_rate d

    A step never overshoots: where the rate is above
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
        Whether there is a bias; of no use to "average", where values have no level.
    method : {"td", "residual", "average"}
        Which of the three.
    mean_rate : float
        Size of the step of the mean reward.

    References
    ----------
    .. [1] R. S. Sutton, Machine Learning 3 (1988) 9-44.
    .. [2] W. Dabney, A. Barto, AAAI Conference on Artificial Intelligence 26 (2012) 872-878.
    .. [3] L. Baird, Int. Conf. Machine Learning 12 (1995) 30-37.
    .. [4] J. N. Tsitsiklis, B. Van Roy, Automatica 35 (1999) 1799-1808.
    """

    class Memory(NamedTuple):
        """The input of the step before, the traces and the mean reward of each output, float64."""

        z: Array  # (q,), q = n_in + 1 with bias
        trace: Array  # (n_out, q)
        mean: Array  # (n_out,)
        steps: Array  # () int, steps of this series so far

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rate: PositiveFloat = 0.01
    discount: UnitInterval = 0.9
    trace_decay: UnitInterval = 0.0
    fit_bias: bool = True
    method: Literal["td", "residual", "average"] = "td"
    mean_rate: PositiveFloat = 0.01

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = {} if self.method == "average" else {"mean_rate": f"the method is {self.method}"}
        if self.method == "residual":
            reasons["trace_decay"] = "the method is residual, which has no traces"
        if self.method == "average":
            reasons["discount"] = "the method is average, which discounts nothing"
        return reasons

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
        trace, steps = np.zeros((n_out, q)), np.zeros((), np.int64)
        return self.Memory(np.zeros(q), trace, np.zeros(n_out), steps)

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series; the mean reward stays."""
        return self.Memory(*map(np.zeros_like, memory))._replace(mean=memory.mean)

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return the params and the memory one step later."""
        n = len(seen.x)
        z = np.append(seen.x, 1.0) if self.fit_bias else seen.x.astype(float)
        worth = 1.0 if self.method == "average" else self.discount
        discount = seen.ports.get("discount", np.array([worth])).astype(float)
        before = matvec(params.W_out.astype(float), memory.z[:n]) + params.bias
        surprise = seen.ports["reward"] - memory.mean + discount * seen.y - before
        slope, begun = memory.trace, memory.steps > 0
        if self.method == "residual":
            slope = where(begun, slope - discount[:, None] * z, 0 * slope)
        rate = self._pace(slope, memory.z, discount, z)
        change = ((rate * surprise)[:, None] * slope).astype(params.W_out.dtype)
        bias = params.bias + change[:, n] if self.fit_bias else params.bias
        decay = 0.0 if self.method == "residual" else self.trace_decay
        trace = (discount * decay)[:, None] * memory.trace + z
        mean = memory.mean
        if self.method == "average":
            mean = mean + where(begun, self.mean_rate * surprise, 0 * mean)
        params = params._replace(W_out=params.W_out + change[:, :n], bias=bias)
        return params, self.Memory(z, trace, mean, memory.steps + 1)

    def _pace(self, slope: Array, before: Array, discount: Array, z: Array) -> Array:
        """Return the rate of each output, held back where its steps could overshoot."""
        reach = norm(before) + discount * norm(z)
        most = norm(slope, axis=1) * reach
        rate: Array = 1 / np.maximum(most, 1 / self.rate)
        return rate
