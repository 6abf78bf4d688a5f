"""Pairs of keys and values, kept as they came until newer ones need their place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.maths import matvec, norm, softmax, vecmat, where
from nodegraph.node import Node
from nodes.parts.key_value import check_key_value, check_one_signal

__all__ = ["KeyedStore"]


class KeyedStore(Node):
    """A ring of key-value pairs: what happened once can be looked up by what it was like.

    `x` is the query q; ports `key` and `value` are k and v. Where the port `write` is above 0, or
    at each step if nothing is wired there, the pair takes the place of the oldest. Before that,
    with ``cos`` the cosine of the angle between q and a stored key::

        y = sum_i softmax_i(sharpness cos_i) v_i      over the pairs that there are
        y = v_i of the greatest cos_i                 without sharpness; the newest of equals

    and 0 while there are none.

    Parameters
    ----------
    slots : int
        How many pairs there is room for.
    sharpness : float, optional
        How much more the nearest key counts than others; without it, it alone counts.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Input
    >>> q, k, v, write = (Input(name=name) for name in ("q", "k", "v", "write"))
    >>> store = KeyedStore(slots=8)
    >>> graph = (q >> store) & (k >> store["key"]) & (v >> store["value"])
    >>> model = ng.Model(graph & (write >> store["write"]))
    >>> pairs = {"k": [[1, 0], [0, 1], [0, 0]], "v": [[5], [7], [0]], "write": [[1], [1], [0]]}
    >>> model.run({**pairs, "q": [[1, 0], [1, 0], [0.2, 0.9]]})[:, 0]
    array([0., 5., 7.])
    """

    class State(NamedTuple):
        """The pairs; number i stands in row ``i % slots``."""

        keys: Array  # (slots, n_in)
        values: Array  # (slots, n_out)
        written: Array  # () int, how many there were

    slots: PositiveInt
    sharpness: PositiveFloat | None = None

    @property
    def smooth(self) -> bool:  # type: ignore[override]
        """Whether all pairs count, instead of the nearest."""
        return self.sharpness is not None

    def size(self, n_in: int, value: int = 0) -> int:
        """Return the width of the values."""
        return value or n_in

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the pairs will hold."""
        return {"keys": self.slots * n_in, "values": self.slots * n_out}

    def init(
        self,
        rng: np.random.Generator,
        n_in: int,
        n_out: int,
        key: int = 0,
        value: int = 0,
        write: int = 0,
    ) -> tuple[()]:
        """Return no params; refuse ports that do not go together."""
        check_key_value(n_in, key, value)
        check_one_signal(write=write)
        return ()

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: no pair."""
        keys, values = np.zeros((self.slots, n_in)), np.zeros((self.slots, n_out))
        return self.State(keys, values, np.zeros((), np.int64))

    def step(
        self,
        params: Any,
        state: State,
        x: Array,
        key: Any = None,
        value: Any = None,
        write: Any = None,
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        keys, values, count = state.keys.copy(), state.values.copy(), state.written
        y = vecmat(self._attention(keys, count, x), values)
        at = count % self.slots
        writes = True if write is None else write[0] > 0
        keys[at] = where(writes, key, keys[at])
        values[at] = where(writes, value, values[at])
        return self.State(keys, values, count + where(writes, 1, 0)), y

    def _attention(self, keys: Array, count: Array, q: Array) -> Array:
        """Return the share of each pair in what is given out."""
        there = np.arange(self.slots) < count
        lengths = norm(keys, axis=1) * norm(q)
        cos = matvec(keys, q) / where(lengths == 0, lengths + 1, lengths)
        if self.sharpness is not None:
            scores = where(there | (count == 0), cos.dtype.type(self.sharpness) * cos, -np.inf)
            shares: Array = where(there, softmax(scores), 0 * cos)
            return shares
        age = (count - 1 - np.arange(self.slots)) % self.slots
        best = where(there, cos, -2).max()
        newest = where(there & (cos == best), age, self.slots).min()
        shares = where(there & (age == newest), 1 + 0 * cos, 0 * cos)
        return shares
