"""Exact softmax attention over the last steps of a stream."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import einsum, softmax
from nodegraph.node import Node
from nodes.parts.key_value import check_key_value

__all__ = ["Attention"]


class Attention(Node):
    """Looks up a query among the keys of the last steps, the present one included [1]_.

    `x` is the query q; ports `key` and `value` are k and v. With the step j steps ago, and in each
    head its own share of the columns of q, k and v, d of the query's::

        a_j = softmax_j(q . k[t-j] / sqrt(d)),   y = sum_j a_j v[t-j],   j = 0 .. window - 1

    Steps before the first have no part in it.

    Parameters
    ----------
    window : int
        How many steps can be attended to.
    heads : int
        How often this is done, side by side; a divisor of the widths of query and value.
    output : {"value", "weights"}
        What is given out: y, or the weights a, the newest step first, head by head, as of a
        pointer network [2]_; no value is wired then.

    References
    ----------
    .. [1] A. Vaswani et al., Adv. Neural Inf. Process. Syst. 30 (2017) 5998-6008.
    .. [2] O. Vinyals, M. Fortunato, N. Jaitly, Adv. Neural Inf. Process. Syst. 28 (2015) 2692-2700.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input
    >>> q, k, attention = Input(name="q"), Input(name="k"), Attention(window=2, output="weights")
    >>> graph = (q >> attention) & (k >> attention["key"])
    >>> ng.Model(graph).run({"q": [[9.0], [9.0]], "k": [[9.0], [0.0]]}).round(3)
    array([[1., 0.],
           [0., 1.]])
    """

    class State(NamedTuple):
        """What arrived in the last steps; step t is in row ``t % window``."""

        keys: Array  # (window, n_in)
        values: Array  # (window, n_out), or (window, 0) where weights are given out
        steps: Array  # () int

    window: PositiveInt
    heads: PositiveInt = 1
    output: Literal["value", "weights"] = "value"

    @property
    def declared_size(self) -> int | None:
        """The number of weights, if they are given out."""
        return self.window * self.heads if self.output == "weights" else None

    def size(self, n_in: int, value: int = 0) -> int:
        """Return the width of the values."""
        return value or n_in

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers are held of the last steps."""
        return {"keys": self.window * n_in, "values": self.window * n_out}

    def init(
        self, rng: np.random.Generator, n_in: int, n_out: int, key: int = 0, value: int = 0
    ) -> tuple[()]:
        """Return no params; refuse ports that do not go together."""
        if self.output == "weights":
            if value:
                raise FieldError('value has no effect where the output is "weights"')
            value = self.heads
        check_key_value(n_in, key, value)
        for port, width in (("x", n_in), ("value", value)):
            if width % self.heads:
                raise FieldError(
                    f"{width} signals at the port {port} cannot be shared by {self.heads} heads; "
                    f"write heads= a divisor of {width}"
                )
        return ()

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing was seen."""
        width = 0 if self.output == "weights" else n_out
        keys, values = np.zeros((self.window, n_in)), np.zeros((self.window, width))
        return self.State(keys, values, np.zeros((), np.int64))

    def step(
        self,
        params: tuple[()],
        state: State,
        x: Array,
        key: Any = None,
        value: Any = None,
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        n, heads, now = self.window, self.heads, state.steps
        keys, values = state.keys.copy(), state.values
        keys[now % n] = key
        q, K = x.reshape(heads, -1), keys.reshape(n, heads, -1)
        scores = einsum("hd,jhd->hj", q, K) / np.sqrt(x.dtype.type(q.shape[1]))
        a = softmax(np.where(np.arange(n) <= now, scores, -np.inf), axis=1)
        if self.output == "weights":
            newest_first = (now - np.arange(n)) % n
            return self.State(keys, values.copy(), now + 1), a[:, newest_first].reshape(-1)
        values = values.copy()
        values[now % n] = value
        y = einsum("hj,jhd->hd", a, values.reshape(n, heads, -1)).reshape(-1)
        return self.State(keys, values, now + 1), y
