"""Learning by telling the present from other times: online, unsupervised."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph import Array, Node, Seen
from nodegraph.errors import DataError
from nodegraph.maths import cond, einsum, matvec, outer, put, softmax, tanh, total, vecmat
from nodes.dense import Dense
from nodes.parts.chance import below, chance
from nodes.parts.descent import Clock, Descent, clock, moments, settled

__all__ = ["InfoNCE"]


class _Whole(NamedTuple):
    """All that moves: what is the layer's, and M."""

    W_in: Array
    bias: Array
    M: Array


class InfoNCE(Descent):
    """Let a layer find what the past tells of the present, by contrast with other times [1]_.

    With ``y(x) = tanh(W_in x + bias)`` and ``a = y(x[t - ahead])``, the present gets the score
    ``s_0 = y(x[t])' M a``, and each of a few rows of before, drawn among the last `buffer` ones,
    ``s_i = y(x_i)' M a``. The loss is ``-log(exp(s_0) / sum_i exp(s_i))``: its negative, plus
    ``log(negatives + 1)``, is a lower bound of what both times know of each other. With
    ``c = softmax(s) - (1, 0, ..., 0)`` the gradients are ::

        dM = sum_i c_i y_i a',   dy_i = c_i M a,   da = M' sum_i c_i y_i

    and go on to W_in and bias through the slopes ``1 - y^2`` of this layer alone, as in greedy
    InfoMax [2]_: layers in a chain learn side by side and exchange nothing. M belongs to the rule.
    All of it moves by Adam, see `nodes.parts.descent`.

    Where the present follows from nothing before, there is nothing to learn. The input should have
    a variance of about 1, or the units saturate. Only steps that are learned from count as before.
    The past is of the same series: its first `ahead` steps are not told of, but, as those of other
    series, may be what the present is told from.

    Parameters
    ----------
    ahead : int
        How many steps of before tell of the present.
    negatives : int
        How many rows of other times the present is told from.
    buffer : int
        How far back they may be; more than `ahead`.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    Raises
    ------
    DataError
        At the end of `fit`, if there were no steps with a past, or less than one batch of them.

    References
    ----------
    .. [1] A. van den Oord, Y. Li, O. Vinyals, arXiv:1807.03748 (2018).
    .. [2] S. Loewe, P. O'Connor, B. S. Veeling, NeurIPS (2019).
    """

    class Memory(NamedTuple):
        """What the layer remembers; in double precision."""

        W_in: Array  # (3, n, n_in), see `nodes.parts.descent.moments`
        bias: Array  # (3, n)
        held: Array  # (3, n, n), of M
        M: Array  # (n, n)
        clock: Clock
        seen: Array  # () int, rows so far
        steps: Array  # () int, those of this series
        rows: Array  # (buffer, n_in), the last ones; row k of all is in k % buffer

    modifies = ("W_in", "bias")

    ahead: PositiveInt = 1
    negatives: PositiveInt = 16
    buffer: PositiveInt = 512

    @model_validator(mode="after")
    def _past_is_in_the_buffer(self) -> InfoNCE:
        if self.buffer <= self.ahead:
            raise ValueError(f"buffer should be more than ahead ({self.ahead}), got {self.buffer}")
        return self

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        if isinstance(node, Dense) and node.activation == "tanh" and not node.normalise:
            return super().refusal(node)
        return (
            "InfoNCE teaches a Dense layer of tanh units that does not normalise: write "
            "Dense(units=..., rule=InfoNCE())"
        )

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step; M starts as the identity."""
        n, n_in = params.W_in.shape
        M = np.eye(n)
        zeros = moments(params.W_in), moments(params.bias), moments(M)
        rows = np.zeros((self.buffer, n_in))
        none = np.zeros((), np.int64)
        return self.Memory(*zeros, M, clock(), none, none.copy(), rows)

    def restart(self, memory: Memory) -> Memory:
        """Return the memory before the first step of a series: it has no past yet."""
        return memory._replace(steps=np.zeros_like(memory.steps))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        count = memory.seen
        rows = put(memory.rows, count % self.buffer, seen.x)
        kept = memory._replace(rows=rows, seen=count + 1, steps=memory.steps + 1)

        def moved(params: Any, memory: Any) -> tuple[Any, Any]:
            drawn = chance(count * self.negatives + np.arange(self.negatives))
            others = 1 + below(drawn, np.minimum(count, self.buffer - 1))
            back = np.concatenate([np.array([self.ahead, 0]), others])
            return self._moved(params, memory, rows[(count - back) % self.buffer])

        after: tuple[Any, Any] = cond(memory.steps >= self.ahead, moved, params, kept)
        return after

    def _moved(self, params: Any, memory: Memory, xs: Array) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after a past, a present, and rows of other times."""
        ys = tanh(einsum("ri,ui->ru", xs, params.W_in) + params.bias)
        a, others = ys[0], ys[1:]
        predicted = matvec(memory.M, a)
        c = softmax(matvec(others, predicted))
        c = put(c, 0, c[0] - 1)
        mean = vecmat(c, others)
        dy = np.concatenate([vecmat(mean, memory.M)[None], outer(c, predicted)]) * (1 - ys * ys)
        gathered = memory._replace(
            W_in=put(memory.W_in, 0, memory.W_in[0] + einsum("ru,ri->ui", dy, xs)),
            bias=put(memory.bias, 0, memory.bias[0] + total(dy, axis=0)),
            M=put(memory.held, 0, memory.held[0] + outer(mean, a)),
        )
        whole = _Whole(params.W_in, params.bias, memory.M)
        whole, after = settled(self, whole, gathered, _Whole._fields)
        params = params._replace(W_in=whole.W_in, bias=whole.bias)
        return params, after._replace(M=whole.M, held=after.M)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        if not memory.clock.rows and memory.clock.powers[0] == 1:
            raise DataError(
                f"InfoNCE tells each step from others by what came {self.ahead} before it, but no "
                f"series had more than {min(self.ahead, int(memory.seen))} steps to learn from; "
                f"give at least {self.ahead + 1}"
            )
        self.require_update(memory.clock)
        return params
