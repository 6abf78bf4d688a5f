"""Patterns that are completed from a part of them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import dot, matvec, put, repeat, softmax, vecmat, where
from nodegraph.node import Node
from nodes.rules.association import Association
from nodes.rules.storage import Storage

__all__ = ["Hopfield", "sign"]

CAPACITY = 0.14  # patterns that a unit is good for


class Hopfield(Node):
    """A network whose stored patterns are where its energy is lowest.

    At each step it starts from the input and settles; nothing is carried over to the next.

    *Classical* [1]_: signs ``s_i``, one after the other, `turns` times round::

        s_i = sign(sum_j W_ij s_j),   E = -s'W s / 2 never rises

    W learns by `nodes.rules.Association`; n units hold about .14 n patterns without order. *Modern*
    [2]_: the stored patterns X themselves, by `nodes.rules.Storage`, `turns` times::

        s = X' softmax(beta X s),   E = -log sum exp(beta X s) / beta + |s|^2 / 2 never rises

    which is attention over them, of numbers of any kind, and holds exponentially many.

    *Ties.* A classical unit whose sum is exactly 0 keeps its sign, and an input of 0 starts as 1.
    Modern patterns that overlap equally with the input have equal shares, whatever `beta`: the
    answer is their mean, and none of them. The least difference of overlaps decides once `beta` is
    large beside 1 over it.

    Parameters
    ----------
    mode : {"classical", "modern"}
        Which of both.
    turns : int
        How often it is gone round.
    beta : float
        Sharpness of the modern one: the mean of all patterns if small, the nearest if large.
    slots : int
        How many patterns the modern one has room for; then the oldest gives way.

    References
    ----------
    .. [1] J. J. Hopfield, Proc. National Academy of Sciences 79 (1982) 2554-2558.
    .. [2] H. Ramsauer et al., Int. Conf. Learning Representations 9 (2021).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> patterns = np.array([[1, 1, 1, -1, -1, -1], [1, -1, 1, -1, 1, -1]])
    >>> model = ng.Model(Hopfield()).fit(patterns)
    >>> model.run([[1, 1, 1, 1, -1, -1]])
    array([[ 1.,  1.,  1., -1., -1., -1.]])
    """

    class Params(NamedTuple):
        """What is stored; of the other mode's arrays there are none."""

        W: Array  # (n, n), or (0, 0)
        X: Array  # (slots, n), or (0, n)
        stored: Array  # () how many patterns there were

    mode: Literal["classical", "modern"] = "classical"
    turns: PositiveInt = 5
    beta: PositiveFloat = 1.0
    slots: PositiveInt = 100

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        if self.mode == "modern":
            return {}
        return dict.fromkeys(("beta", "slots"), "the mode is classical")

    @property
    def smooth(self) -> bool:  # type: ignore[override]
        """Whether it is the modern one, which gives out no signs."""
        return self.mode == "modern"

    @property
    def rule(self) -> Association | Storage:
        """The rule that patterns are stored by."""
        return Association() if self.mode == "classical" else Storage()

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers what is stored will hold."""
        return {"W": n_in * n_in} if self.mode == "classical" else {"X": self.slots * n_in}

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that there are more patterns than it holds."""
        n, most = x.shape[1], max(1, int(CAPACITY * x.shape[1]))
        if self.mode == "modern" or params.stored <= most:
            return []
        return [
            f"{int(params.stored)} patterns are stored in {n} units, which hold about {most}; "
            'write mode="modern"'
        ]

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the params before anything was stored."""
        if n_in == 0:
            raise FieldError("Hopfield completes its input, but nothing is wired to it")
        classical = self.mode == "classical"
        W = np.zeros((n_in, n_in) if classical else (0, 0))
        return self.Params(W, np.zeros((0 if classical else self.slots, n_in)), np.zeros(()))

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``."""
        if self.mode == "modern":
            there = np.arange(self.slots) < params.stored
            return state, repeat(self.turns, lambda s: self._looked_up(params.X, there, s), x)
        n = len(x)

        def turned(carry: tuple[Array, Array]) -> tuple[Array, Array]:
            i, s = carry
            drive = dot(params.W[i % n], s)
            return i + 1, put(s, i % n, where(drive == 0, s[i % n], sign(drive)))

        first = sign(x)
        _, y = repeat(self.turns * n, turned, (np.zeros((), np.int64), first))
        return state, y

    def _looked_up(self, X: Array, there: Array, s: Array) -> Array:
        scores = s.dtype.type(self.beta) * matvec(X, s)
        shares = softmax(where(there, scores, where(there.any(), -np.inf, scores)))
        found: Array = vecmat(shares, X)
        return found


def sign(x: Array) -> Array:
    """Return 1 where x is 0 or above, else -1."""
    signs: Array = where(x >= 0, 1 + 0 * x, -1 + 0 * x)
    return signs
