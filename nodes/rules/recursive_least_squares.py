"""Recursive least squares: online, supervised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Fraction, Learned, Lesson, Node, Rule, Seen
from nodegraph.node import StepCode
from nodes.linear_readout import LinearReadout
from nodes.rules.lessons import lessons_only

__all__ = ["RecursiveLeastSquares"]


WIND_UP = 1000.0  # times the first trace of P


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
        """The inverse correlation of z, float64, and how many steps with a target there were."""

        P: Array  # (q, q), q = n_in + 1 with bias
        lessons: Array  # () int

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    alpha: PositiveFloat = 1e-6
    forgetting: Fraction = 1.0
    fit_bias: bool = True
    learn_every: PositiveInt = 1

    def begin(self, params: Any) -> Memory:
        """Return ``P = I / alpha``."""
        q = params.W_out.shape[1] + self.fit_bias
        return self.Memory(np.eye(q) / self.alpha, np.zeros((), np.int64))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return params and memory one step later."""
        lessons = np.array(memory.lessons + 1)
        if memory.lessons % self.learn_every:
            return params, self.Memory(memory.P, lessons)
        z = np.append(seen.x, 1.0) if self.fit_bias else seen.x.astype(float)
        Pz = memory.P @ z
        forgetting = self.forgetting if self._steps_within_bounds(memory.P) else 1.0
        scale = 1 / (forgetting + z @ Pz)
        P = (memory.P - np.outer(Pz, Pz) * scale) / forgetting
        dW = np.outer(seen.target - seen.y, Pz * scale).astype(params.W_out.dtype)
        n = len(seen.x)
        bias = params.bias + dW[:, n] if self.fit_bias else params.bias
        return params._replace(W_out=params.W_out + dW[:, :n], bias=bias), self.Memory(P, lessons)

    def _steps_within_bounds(self, P: Array) -> float:
        """Return how many steps P may grow by 1 / forgetting before it is too large."""
        if self.forgetting == 1:
            return np.inf
        room = WIND_UP * len(P) / (self.alpha * np.trace(P))
        return float(np.log(room) // -np.log(self.forgetting)) if room > 1 else 0.0

    def step_code(
        self,
        node: Node,
        params: Any,
        state: Any,
        memory: Any,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ) -> StepCode | None:
        """Return the compiled step for loops."""
        if not isinstance(node, LinearReadout):
            return None
        from nodes.kernels.rls import rls_arguments, rls_step

        bound, slot = WIND_UP * len(memory.P) / self.alpha, 2 + len(node.step_ports)
        learned, when = (params.W_out, params.bias, memory.P), (memory.lessons, self.learn_every)
        arguments = rls_arguments(*learned, self.forgetting, bound, slot, *when)
        return StepCode(rls_step(dtype), arguments, state)

    def learn(self, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Learn from a chunk in compiled loops, in place."""
        if not isinstance(node, LinearReadout):
            return super().learn(node, params, state, memory, lesson)
        from nodes.kernels import rls_chunk

        numbers = memory.lessons + np.cumsum(lesson.rows)  # from 1 on
        chosen = lesson.rows & ((numbers - 1) % self.learn_every == 0)
        xs, targets = lesson.inputs["x"], lessons_only(lesson._replace(rows=chosen))
        ys, start, learned = np.empty_like(targets), 0, (params.W_out, params.bias, memory.P)
        while start < len(xs):
            safe = self._steps_within_bounds(memory.P)
            forgetting = self.forgetting if safe else 1.0
            stop = int(min(start + max(1.0, safe - 1), len(xs)))  # rounding cannot make up a step
            rows = slice(start, stop)
            ys[rows] = rls_chunk(xs[rows], targets[rows], *learned, forgetting)
            start = stop
        memory = memory._replace(lessons=np.array(numbers[-1]))
        return Learned(params, state, memory, ys)
