"""Questions to facts that were told before, in several hops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import matvec, softmax, vecmat, where
from nodegraph.node import Node

__all__ = ["MemN2N"]


class MemN2N(Node):
    """A memory network [1]_ with random embeddings: each hop looks up what the last one found.

    A fact is what it is about, a, and what it says, b, side by side at `x`; the question q comes in
    at the port `question`; a, b and q are as wide as there are words. A row of zeros is no fact.
    With E_k random for each space k, ``u_1 = E_0 q``, i over the stored facts and age_i how many
    came after fact i::

        p = softmax_i(sharpness u_k . E_(k-1) a_i - recency age_i)
        o_k = E_k sum_i p_i b_i,   u_(k+1) = u_k + o_k          (adjacent tying)
        y = [u_K, o_K]

    so that the second hop finds facts that are about what the first fact said. A fact is stored
    before it is looked up; o is 0 while there are none. Nothing in it learns: what a readout behind
    it needs is linear in y. By `recency` in place of learned times the newest of like facts counts.

    Parameters
    ----------
    slots : int
        How many facts there is room for; then the oldest gives way.
    hops : int
        How many facts an answer may take, K.
    units : int
        Width of the embeddings; words are the better told apart the wider they are.
    sharpness : float
        How much more the nearest fact counts than others.
    recency : float
        How much the score falls with each fact that came later; 0 for facts without order.

    References
    ----------
    .. [1] S. Sukhbaatar, A. Szlam, J. Weston, R. Fergus, Adv. Neural Inf. Process. Syst. 28 (2015).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> ball, mary, kitchen = np.eye(3)
    >>> memory = MemN2N(slots=4, hops=2, name="memory")
    >>> graph = (Input(name="facts") >> memory) & (Input(name="q") >> memory["question"])
    >>> model = ng.Model(graph, seed=1)
    >>> facts = np.stack([np.append(mary, kitchen), np.append(ball, mary), np.zeros(6)])
    >>> y = model.run({"facts": facts, "q": np.outer([0, 0, 1], ball)})
    >>> E = model.params["memory"].E
    >>> (y[-1, 100:] @ E[2]).argmax()  # the kitchen
    np.int64(2)
    """

    class Params(NamedTuple):
        """The embeddings, (hops + 1, units, words)."""

        E: Array

    class State(NamedTuple):
        """The facts; number i stands in row ``i % slots``."""

        about: Array  # (slots, words)
        says: Array  # (slots, words)
        told: Array  # () int, how many there were

    slots: PositiveInt
    hops: PositiveInt = 2
    units: PositiveInt = 100
    sharpness: PositiveFloat = 30.0
    recency: NonNegativeFloat = 1.0

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        both = ("sharpness", "recency")
        return dict.fromkeys(both, "there is one slot") if self.slots == 1 else {}

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        return 2 * self.units

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers embeddings and facts will hold."""
        words = n_in // 2
        return {"E": (self.hops + 1) * self.units * words, "facts": self.slots * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, question: int = 0) -> Params:
        """Return random embeddings, of length 1 in the mean; refuse widths that do not fit."""
        if not question:
            raise FieldError(
                'nothing is wired to the port question; write source >> node["question"], the '
                "facts going to the node itself"
            )
        if n_in != 2 * question:
            raise FieldError(
                f"a fact is two times as wide as a question, what it is about and what it says: "
                f"{n_in} signals arrive as facts (port x), {question} at the port question"
            )
        E = rng.standard_normal((self.hops + 1, self.units, question))
        return self.Params(E / np.sqrt(self.units))

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing was told."""
        about, says = np.zeros((2, self.slots, n_in // 2))
        return self.State(about, says, np.zeros((), np.int64))

    def step(
        self, params: Params, state: State, x: Array, question: Any = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        about, says, told = state.about.copy(), state.says.copy(), state.told
        words, at, is_fact = len(x) // 2, told % self.slots, (x != 0).any()
        about[at] = where(is_fact, x[:words], about[at])
        says[at] = where(is_fact, x[words:], says[at])
        told = told + where(is_fact, 1, 0)
        u = matvec(params.E[0], question)
        o = 0 * u
        for hop in range(self.hops):
            u = u + o
            shares = self._attention(matvec(about, vecmat(u, params.E[hop])), told)
            o = matvec(params.E[hop + 1], vecmat(shares, says))
        return self.State(about, says, told), np.concatenate([u, o])

    def _attention(self, alike: Array, told: Array) -> Array:
        """Return the share of each fact, 0 where there is none."""
        age = (told - 1 - np.arange(self.slots)) % self.slots
        kind = alike.dtype.type
        scores = kind(self.sharpness) * alike - kind(self.recency) * age.astype(alike.dtype)
        there = np.arange(self.slots) < told
        shares = softmax(where(there | (told == 0), scores, -np.inf))
        found: Array = where(there, shares, 0 * alike)
        return found
