"""Learning by goodness: online, unsupervised, no gradient leaves the layer."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Node, Seen
from nodegraph.errors import DataError
from nodegraph.maths import cond, matvec, outer, put, sigmoid, total
from nodes.dense import Dense, normalised
from nodes.parts.chance import below, chance
from nodes.parts.descent import Clock, Descent, clock, moments, settled

__all__ = ["ForwardForward"]


class ForwardForward(Descent):
    """Answer strongly to real data and weakly to wrong data [1]_.

    The goodness of a layer is ``g = mean(y^2)``. Its loss is ``log(1 + exp(-s (g - theta)))``,
    where s is 1 for positive data (real) and -1 for negative ones (wrong). With
    ``delta = -s sigmoid(-s (g - theta)) 2 y / n`` the gradients are ``delta z'`` for W_in and delta
    for the bias; the layer moves by Adam, see `nodes.parts.descent`.

    Layers in a chain never exchange gradients. They normalise their input, or else the goodness of
    the layer before would tell the answer, and rectify, so that y is 0 or its slope 1.

    Negative data come in one of two ways:

    ``"given"``
        As rows of their own. The port `sign` says of each row what it is: above 0 positive, below 0
        negative, 0 neither (nothing is learned). For labelled data, append the label to the input:
        the right one makes a positive row, a wrong one a negative row.
    ``"shuffled"``
        Made by the layer: each row is positive, and its negative has about half of its signals
        from a row of before, drawn among the last `buffer` ones. They tell what goes together from
        what does not; where signals are independent of each other there is nothing to learn.

    Parameters
    ----------
    theta : float, above 0
        Goodness at which a row counts as real with probability 1/2.
    negatives : {"given", "shuffled"}
        Where negative data come from.
    buffer : int
        How many rows back a shuffled negative may reach.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    Raises
    ------
    DataError
        At the end of `fit`, if there was no positive or no negative row, or less than one batch.

    References
    ----------
    .. [1] G. Hinton, The forward-forward algorithm, arXiv:2212.13345 (2022).
    """

    class Memory(NamedTuple):
        """What the layer remembers; in double precision but for the rows."""

        W_in: Array  # (3, n, n_in), see `nodes.parts.descent.moments`
        bias: Array  # (3, n)
        clock: Clock
        seen: Array  # (2,) int: positive and negative rows
        rows: Array  # (buffer, n_in), the last rows; row k of all is in k % buffer

    modifies = ("W_in", "bias")

    theta: PositiveFloat = 2.0
    negatives: Literal["given", "shuffled"] = "given"
    buffer: PositiveInt = 256

    @property
    def ports(self) -> tuple[str, ...]:
        """The port `sign`, if negative data are given."""
        return ("sign",) if self.negatives == "given" else ()

    @property
    def single(self) -> tuple[str, ...]:
        """The port `sign`: one for the whole row."""
        return self.ports

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {"buffer": "negatives are given"} if self.negatives == "given" else {}

    def refusal(self, node: Node) -> str | None:
        """Return why this rule cannot teach `node`, or None if it can."""
        if isinstance(node, Dense) and node.activation == "relu" and node.normalise:
            return super().refusal(node)
        return (
            "ForwardForward teaches a Dense layer that normalises and rectifies: write "
            'Dense(units=..., activation="relu", normalise=True, rule=ForwardForward())'
        )

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first row."""
        rows = self.buffer if self.negatives == "shuffled" else 0
        return self.Memory(
            moments(params.W_in),
            moments(params.bias),
            clock(),
            np.zeros(2, np.int64),
            np.zeros((rows, params.W_in.shape[1])),
        )

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more row."""
        if self.negatives == "shuffled":
            return self._contrast(params, memory, seen.x)
        sign = np.sign(seen.ports["sign"][0])
        counted = memory._replace(seen=memory.seen + np.stack([sign > 0, sign < 0]))

        def moved(params: Any, memory: Any) -> tuple[Any, Any]:
            return self._moved(params, memory, ((seen.x, sign),))

        after: tuple[Any, Any] = cond(sign != 0, moved, params, counted)
        return after

    def _contrast(self, params: Any, memory: Memory, x: Array) -> tuple[Any, Memory]:
        count = memory.seen[0]
        kept = memory._replace(rows=put(memory.rows, count % self.buffer, x))

        def moved(params: Any, kept: Any) -> tuple[Any, Any]:
            other = _mixed(x, memory.rows, count)
            counted = kept._replace(seen=kept.seen + 1)
            return self._moved(params, counted, ((x, 1.0), (other, -1.0)))

        params, after = cond(count > 0, moved, params, kept)
        return params, after._replace(seen=np.maximum(after.seen, np.array([1, 0])))

    def _moved(
        self, params: Any, memory: Memory, rows: tuple[tuple[Array, Any], ...]
    ) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after rows of known sign, which count as one."""
        W_in, bias = memory.W_in[0], memory.bias[0]
        for x, sign in rows:
            delta, z = self._gradient(params, x, sign)
            W_in, bias = W_in + outer(delta, z), bias + delta
        gathered = memory._replace(W_in=put(memory.W_in, 0, W_in), bias=put(memory.bias, 0, bias))
        return settled(self, params, gathered, self.modifies)

    def _gradient(self, params: Any, x: Array, sign: Any) -> tuple[Array, Array]:
        """Return delta and z of one row."""
        z = normalised(x)
        y = np.maximum(matvec(params.W_in, z) + params.bias, 0)
        g = total(y * y) / y.size
        return -sign * sigmoid(-sign * (g - self.theta)) * (2 / y.size) * y, z

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        positive, negative = memory.seen
        if negative and positive:
            self.require_update(memory.clock)
            return params
        if self.negatives == "shuffled":
            raise DataError(
                f"ForwardForward shuffles rows to make negative ones, but there was {positive} "
                "row to learn from; give at least 2"
            )
        raise DataError(
            f"ForwardForward saw {positive} positive and {negative} negative rows; it needs both: "
            "the sign port says 1 for real rows and -1 for wrong ones"
        )


def _mixed(x: Array, rows: Array, count: Any) -> Array:
    """Return `x` with about half of its signals from one of the rows kept before."""
    words = 2 + (x.size - 1) // 64
    drawn = chance(count * words + np.arange(words))
    back = 1 + below(drawn[0], np.minimum(count, len(rows)))
    other = rows[(count - back) % len(rows)]
    j = np.arange(x.size)
    bits = (drawn[1 + j // 64] >> (j % 64)) & 1
    mixed: Array = np.where(bits == 1, other, x).astype(x.dtype)
    return mixed
