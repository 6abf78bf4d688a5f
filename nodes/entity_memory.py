"""A memory with a slot for each thing that facts are about."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix
from nodegraph.maths import einsum, matvec, norm, sigmoid, softmax, vecmat, where
from nodegraph.node import Node

__all__ = ["EntityMemory"]


class EntityMemory(Node):
    """A recurrent entity network [1]_ with random embeddings: slots with keys, each with a gate.

    A fact is what it is about, a, and what it says, b, side by side at `x`; the question q comes in
    at the port `question`; a, b and q are as wide as there are words. A row of zeros is no fact.
    With E a random embedding, keys ``w_j = E keys_j``, R a random rotation, and s = E a::

        g_j = sigmoid(sharpness (s . w_j + content s . h_j - 1/2))
        h_j = (1 - g_j) h_j + g_j (R h_j + E b),   h_j = h_j / max(|h_j|, 1)
        u_1 = E q,   p = softmax_j(sharpness u_k . w_j),   u_(k+1) = sum_j p_j h_j
        y = [u_2, ..., u_(hops + 1)]

    which is the update of [1]_, ``h_j += g_j (U h_j + V w_j + W s)``, for U = R - I, V = 0 and W
    applied to what is said; slots start at 0 and stay there until something is written to them, so
    only longer ones are cut to length 1. R turns what a slot held out of the way of what is new: it
    tells what came before what. A fact is stored before it is read. Nothing in it learns: a
    readout behind it does.

    Parameters
    ----------
    hops : int
        How many slots an answer takes, one found by what the last one held.
    units : int
        Width of the embeddings; words are the better told apart the wider they are.
    keys : array (slots, words), optional
        The words that each slot is about; else each word has a slot.
    sharpness : float
        How much more the nearest slot counts than others.
    content : float
        How much a slot also hears of what is about what it holds. Such facts displace it.

    References
    ----------
    .. [1] M. Henaff, J. Weston, A. Szlam, A. Bordes, Y. LeCun, Proc. ICLR (2017).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> mary, kitchen, garden = np.eye(3)
    >>> memory = EntityMemory(hops=1, name="memory")
    >>> graph = (Input(name="facts") >> memory) & (Input(name="q") >> memory["question"])
    >>> model = ng.Model(graph, seed=1)
    >>> facts = np.stack([np.append(mary, kitchen), np.append(mary, garden)])
    >>> y = model.run({"facts": facts, "q": np.stack([mary, mary])})
    >>> E, R = model.params["memory"][:2]
    >>> (y[-1] @ E).argmax(), (y[-1] @ R @ E).argmax()  # the garden, and before it the kitchen
    (np.int64(2), np.int64(1))
    """

    class Params(NamedTuple):
        """The embedding, (units, words), the rotation, (units, units), keys (slots, units)."""

        E: Array
        R: Array
        w: Array

    class State(NamedTuple):
        """What the slots hold, (slots, units)."""

        h: Array

    hops: PositiveInt = 1
    units: PositiveInt = 100
    keys: Matrix | None = None
    sharpness: PositiveFloat = 30.0
    content: NonNegativeFloat = 0.0

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        return self.hops * self.units

    def _slots(self, words: int) -> int:
        return words if self.keys is None else self.keys.shape[0]

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers embedding, rotation, keys and slots will hold."""
        slots, d = self._slots(n_in // 2), self.units
        return {"E": d * (n_in // 2), "R": d * d, "w": slots * d, "slots": slots * d}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, question: int = 0) -> Params:
        """Return random embeddings of length 1, and a rotation; refuse other widths."""
        if not question or n_in != 2 * question:
            raise FieldError(
                "a fact is two times as wide as a question, what it is about and what it says: "
                f"{n_in} signals arrive as facts (port x), {question} at the port question; wire "
                'facts >> node and source >> node["question"]'
            )
        E = rng.standard_normal((self.units, question))
        E /= np.linalg.norm(E, axis=0)
        R, _ = np.linalg.qr(rng.standard_normal((self.units, self.units)))
        keys = np.eye(question) if self.keys is None else self.keys
        if keys.shape[1] != question:
            raise FieldError(f"keys are of {keys.shape[1]} words, the question of {question}")
        return self.Params(E, R, keys @ E.T)

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: nothing was told."""
        return self.State(np.zeros((self._slots(n_in // 2), self.units)))

    def step(
        self, params: Params, state: State, x: Array, question: Any = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        E, _, w = params
        h = where((x != 0).any(), self._told(params, state.h, x), state.h)
        u, found = matvec(E, question), []
        for _ in range(self.hops):
            u = vecmat(softmax(w.dtype.type(self.sharpness) * matvec(w, u)), h)
            found.append(u)
        return self.State(h), np.concatenate(found)

    def _told(self, params: Params, h: Array, x: Array) -> Array:
        """Return what the slots hold after a fact."""
        E, R, w = params
        kind, words = w.dtype.type, len(x) // 2
        s, said = matvec(E, x[:words]), matvec(E, x[words:])
        about = matvec(w + kind(self.content) * h, s)
        g = sigmoid(kind(self.sharpness) * (about - kind(0.5)))[:, None]
        h = (1 - g) * h + g * (einsum("sj,ij->si", h, R) + said)
        short: Array = h / np.maximum(norm(h, axis=1)[:, None], 1)
        return short
