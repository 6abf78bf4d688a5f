"""Attention heads on queries, keys and values that were made before: what has to go row by row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.maths import einsum, softmax
from nodegraph.node import Node

__all__ = ["LookingBack"]


class LookingBack(Node):
    """Look back at values by how well their keys answer a query, in each head by itself [1]_.

    A row has q, k and v side by side, ``heads * keys`` numbers of each::

        c = sum_j softmax_j(q . k[j] / sqrt(keys)) v[j],   j = 0 .. span - 1 steps ago

    Parameters
    ----------
    heads : int
        Number of attention heads.
    keys : int
        Width of queries, keys and values of each.
    span : int
        How many steps they look back, the present one included.

    References
    ----------
    .. [1] A. Vaswani et al., Adv. Neural Inf. Process. Syst. 30 (2017) 5998-6008.
    """

    class State(NamedTuple):
        """What arrived in the last steps; step t is in place ``t % span``."""

        keys: Array  # (heads, span, keys)
        values: Array  # (heads, span, keys)
        steps: Array  # () int

    heads: PositiveInt
    keys: PositiveInt
    span: PositiveInt

    def size(self, n_in: int) -> int:
        """Return the number of signals of all heads."""
        return self.heads * self.keys

    def start(self, n_out: int) -> State:
        """Return the state before the first step: nothing was seen."""
        past = np.zeros((self.heads, self.span, self.keys))
        return self.State(past, past.copy(), np.zeros((), np.int64))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, c)``."""
        now, heads = state.steps, x.reshape(3, self.heads, self.keys)
        q, keys, values = heads[0], state.keys.copy(), state.values.copy()
        keys[:, now % self.span], values[:, now % self.span] = heads[1], heads[2]
        scores = einsum("hd,hjd->hj", q, keys) / np.sqrt(x.dtype.type(self.keys))
        a = softmax(np.where(np.arange(self.span) <= now, scores, -np.inf), axis=1)
        c = einsum("hj,hjd->hd", a, values).reshape(-1)
        return self.State(keys, values, now + 1), c
