"""Directions that a reservoir moves in under a pattern, and a node that keeps it in them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.maths import einsum
from nodegraph.node import Node
from nodes.rules.correlation_filter import CorrelationFilter

__all__ = ["Conceptor"]


class Conceptor(Node):
    """``y = sum_j active_j C_j x``: soft projections on where x was in pattern j [1]_.

    With R_j the mean of ``x x'`` over the steps at which ``active_j`` is above 0 and the largest,
    `nodes.rules.CorrelationFilter` learns ::

        C_j = R_j (R_j + aperture^-2 I)^-1

    whose eigenvalues lie in [0, 1). Before, every C_j is I. In the loop of a reservoir it holds the
    reservoir in the pattern that is active; shares between 0 and 1 morph patterns. What is stored
    can be put together by `nodes.parts.conceptors`: ``conjunction``, ``disjunction``, ``negation``.

    Parameters
    ----------
    patterns : int
        Number of patterns; as many signals arrive at the port `active`.
    aperture : float
        How much is let through: the larger, the nearer C is to the projection on all directions
        that were ever used.

    References
    ----------
    .. [1] H. Jaeger, J. Machine Learning Research 18 (2017) 1-43.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> x, active, c = Input(name="x"), Input(name="active"), Conceptor(patterns=2, aperture=1.0)
    >>> model = ng.Model((x >> c) & (active >> c["active"]))
    >>> data = {"x": [[1.0, 0.0], [0.0, 3.0]], "active": [[1, 0], [0, 1]]}
    >>> model.fit(data).run({"x": [[1.0, 1.0]], "active": [[0, 1]]})
    array([[0. , 0.9]])
    """

    class Params(NamedTuple):
        """The conceptors, (patterns, n, n)."""

        C: Array

    patterns: PositiveInt
    aperture: PositiveFloat = 10.0

    @property
    def rule(self) -> CorrelationFilter:
        """The rule that it learns by."""
        return CorrelationFilter(aperture=self.aperture)

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that there are patterns that were never active."""
        whole = np.eye(x.shape[1], dtype=params.C.dtype)
        left = [j for j, C in enumerate(params.C) if np.array_equal(C, whole)]
        if not left or len(left) == self.patterns:
            return []
        names = ", ".join(map(str, left))
        return [f"nothing was learned of pattern {names}: it was never the most active one"]

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the conceptors will hold."""
        return {"C": self.patterns * n_in * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, active: int = 0) -> Params:
        """Return conceptors that let everything through."""
        if active != self.patterns:
            raise FieldError(
                f"the port active takes {self.patterns} signals, one for each pattern, got {active}"
            )
        return self.Params(np.tile(np.eye(n_in), (self.patterns, 1, 1)))

    def step(self, params: Params, state: Any, x: Array, active: Any = None) -> tuple[Any, Array]:
        """Return ``(state, y)``."""
        return state, einsum("j,jik,k->i", active, params.C, x)
