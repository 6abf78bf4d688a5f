"""An input that is told by few of many causes."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix
from nodegraph.maths import einsum, matvec, repeat, total, vecmat
from nodegraph.node import Node
from nodes.parts.random_layer import require_shape
from nodes.rules.dictionary import Dictionary, lengthened

__all__ = ["SparseCoder"]


class SparseCoder(Node):
    """Few active units that explain the input: ``E(a) = |x - D a|^2 / 2 + threshold sum |a_i|``.

    At each step it goes down E from ``a = 0`` by iterative shrinkage [1]_::

        a = shrink(a + D'(x - D a) / L, threshold / L),   shrink(b, c) = sign(b) max(|b| - c, 0)

    with ``L = max_i sum_j |D'D|_ij``, no less than the largest eigenvalue of D'D, so that E never
    rises. The columns of D, of length 1, learn from what is left over by
    `nodes.rules.Dictionary` [2]_.

    Parameters
    ----------
    units : int
        Number of causes; more than inputs is the idea.
    threshold : float, at least 0
        What a cause costs: the larger, the fewer.
    turns : int
        Steps down E.
    gives : {"code", "reconstruction"}
        What is given out: a, or ``D a``.
    D : array (n_in, units), optional
        Causes to start from, scaled to length 1; else drawn at random.
    frozen : bool
        Whether D stays as it is.
    rate, epochs
        How D learns; see `nodes.rules.Dictionary`.

    References
    ----------
    .. [1] I. Daubechies, M. Defrise, C. De Mol, Comm. Pure Appl. Math. 57 (2004) 1413-1457.
    .. [2] B. A. Olshausen, D. J. Field, Nature 381 (1996) 607-609.

    Examples
    --------
    >>> import nodegraph as ng
    >>> D = [[1, 0, 1], [0, 1, 1]]
    >>> coder = SparseCoder(units=3, D=D, threshold=0.1, frozen=True, turns=200)
    >>> ng.Model(coder).run([[2.0, 0.0]]).round(3)
    array([[1.9, 0. , 0. ]])
    """

    class Params(NamedTuple):
        """The causes, (n_in, units)."""

        D: Array

    units: PositiveInt

    class State(NamedTuple):
        """The code of the last input, (units,)."""

        a: Array

    threshold: NonNegativeFloat = 0.1
    turns: PositiveInt = 50
    gives: Literal["code", "reconstruction"] = "code"
    D: Matrix | None = None
    frozen: bool = False
    rate: PositiveFloat = 0.05
    epochs: PositiveInt = 1

    @property
    def rule(self) -> Dictionary | None:
        """The rule that D learns by; none if it is frozen."""
        return None if self.frozen else Dictionary(**self.shared(Dictionary))

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return dict.fromkeys(("rate", "epochs"), "it is frozen") if self.frozen else {}

    @property
    def declared_size(self) -> int | None:
        """The number of causes, if they are what is given out."""
        return self.units if self.gives == "code" else None

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers D will hold."""
        return {"D": n_in * self.units}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the causes, drawn or given."""
        if n_in == 0:
            raise FieldError("SparseCoder explains its input, but nothing is wired to it")
        require_shape("D", self.D, (n_in, self.units), FieldError)
        D = rng.standard_normal((n_in, self.units)) if self.D is None else np.array(self.D, float)
        return self.Params(lengthened(D))

    def start(self, n_out: int) -> State:
        """Return the state before the first step: nothing was coded."""
        return self.State(np.zeros(self.units))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        G, drive = einsum("ki,kj->ij", params.D, params.D), vecmat(x, params.D)
        L = total(abs(G), axis=1).max()
        cost = x.dtype.type(self.threshold) / L

        def turn(a: Array) -> Array:
            b = a + (drive - matvec(G, a)) / L
            shrunk: Array = np.sign(b) * np.maximum(abs(b) - cost, 0)
            return shrunk

        a = repeat(self.turns, turn, 0 * drive)
        y = a.copy() if self.gives == "code" else matvec(params.D, a)
        return self.State(a), y
