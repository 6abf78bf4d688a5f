"""Recursive least squares: online, supervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Fraction, Rule, Seen
from nodegraph.maths import cond, outer
from nodes.parts.recursion import Recursion, recursion

__all__ = ["RecursiveLeastSquares"]


class RecursiveLeastSquares(Rule):
    """Least squares solved anew at each step, in O(n_in^2) [1]_.

    With ``z = [x, 1]``, or ``x`` without bias, ``P(0) = I / alpha`` and ``e = target - W z``::

        k = P z / (forgetting + z' P z)
        W = W + e k'
        P = (P - k (P z)') / forgetting

    W(0) is zero, or what the node was given as a start. Without forgetting, W is at every step
    that of ridge regression on z with the strength alpha, which shrinks it towards W(0).
    FORCE learning [2]_ is this rule with the output fed back, learning at every second step or so:
    the weights rest in between, while the output goes on. With forgetting below 1, P grows
    along directions that the input does not excite. It is held within bounds: a step that would
    take the trace of P above 1000 times that of P(0) forgets nothing.

    Parameters
    ----------
    alpha : float
        Penalty on the weights, bias included; small alpha learns fast at first.
    forgetting : float in (0, 1]
        Weight of an error one step ago; its memory is about 1 / (1 - forgetting) steps.
    fit_bias : bool
        Whether there is a bias.
    learn_every : int
        Of so many steps that have a target, the first is learned from.

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 5th ed. (2014), chapter 10.
    .. [2] D. Sussillo, L. F. Abbott, Neuron 63 (2009) 544-557.
    """

    class Memory(NamedTuple):
        """P and the change that it waits for, as `Recursion` has them; the lessons so far."""

        P: Array  # (q (q + 1) / 2,), rows of the lower triangle; q = n_in + 1 with bias
        along: Array  # (q,), k of the change: P becomes (P + scale k k') growth
        scale: Array  # ()
        growth: Array  # ()
        lessons: Array  # () int, steps that had a target

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    alpha: PositiveFloat = 1e-6
    forgetting: Fraction = 1.0
    fit_bias: bool = True
    learn_every: PositiveInt = 1

    def begin(self, params: Any) -> Memory:
        """Return ``P = I / alpha``, and no change."""
        q = params.W_out.shape[1] + self.fit_bias
        return self.Memory(*recursion(q, self.alpha), np.zeros((), np.int64))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return params and memory one step later."""
        due = memory.lessons % self.learn_every == 0
        params, memory = cond(due, lambda p, m: self._moved(p, m, seen), params, memory)
        return params, memory._replace(lessons=memory.lessons + 1)

    def _moved(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        n = len(seen.x)
        z = np.append(seen.x, 1.0) if self.fit_bias else seen.x.astype(float)
        so_far = Recursion(*memory[:-1])
        gain, after = so_far.moved(z, self.alpha, self.forgetting)
        dW = outer(seen.target - seen.y, gain).astype(params.W_out.dtype)
        bias = params.bias + dW[:, n] if self.fit_bias else params.bias
        memory = self.Memory(*after, memory.lessons)
        return params._replace(W_out=params.W_out + dW[:, :n], bias=bias), memory
