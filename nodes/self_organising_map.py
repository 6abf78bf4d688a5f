"""A sheet of units that spreads over its input, neighbours beside neighbours."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction
from nodegraph.maths import total
from nodegraph.node import Node
from nodes.rules.neighbourhood import Neighbourhood

__all__ = ["SelfOrganisingMap"]


class SelfOrganisingMap(Node):
    """Units on a grid, each with a place w_i in the space of inputs; the nearest one wins [1]_.

    It learns by `nodes.rules.Neighbourhood`: the winner and those near it on the grid move towards
    the input, so that what is alike is answered by neighbours.

    Parameters
    ----------
    rows, columns : int
        Shape of the grid; ``columns=1`` for a chain.
    gives : {"winner", "place", "distance"}
        What is given out: 1 for the winner and 0 for all others, (rows columns,); where it stands,
        (row, column); or the distances ``|x - w_i|``.
    scaling : float, at least 0
        The w_i are normal with this deviation before they learn.
    rate, last_rate, radius, last_radius, steps, epochs
        How they move; see `nodes.rules.Neighbourhood`.

    References
    ----------
    .. [1] T. Kohonen, Biological Cybernetics 43 (1982) 59-69.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> u = np.random.default_rng(0).random((4000, 1))
    >>> chain = SelfOrganisingMap(rows=5, columns=1, steps=4000, name="chain")
    >>> model = ng.Model(chain, seed=1).fit(u)
    >>> w = model.params["chain"].w[:, 0]
    >>> bool((np.diff(w) > 0).all() or (np.diff(w) < 0).all())  # in order
    True
    """

    class Params(NamedTuple):
        """Places of the units among inputs, (rows columns, n_in), and on the grid, (.., 2)."""

        w: Array
        grid: Array

    rows: PositiveInt = 10
    columns: PositiveInt = 10
    gives: Literal["winner", "place", "distance"] = "winner"
    scaling: NonNegativeFloat = 0.1
    rate: Fraction = 0.5
    last_rate: Fraction = 0.02
    radius: PositiveFloat | None = None
    last_radius: PositiveFloat = 0.5
    steps: PositiveInt = 5000
    epochs: PositiveInt = 1

    @property
    def rule(self) -> Neighbourhood:
        """The rule that units move by."""
        radius = self.radius or max(self.rows, self.columns) / 2
        return Neighbourhood(**self.shared(Neighbourhood) | {"radius": radius})

    @property
    def smooth(self) -> bool:  # type: ignore[override]
        """Whether distances are given out, which do not jump."""
        return self.gives == "distance"

    @property
    def declared_size(self) -> int:
        """The number of units, or 2 for a place."""
        return 2 if self.gives == "place" else self.rows * self.columns

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the places will hold."""
        return {"w": self.rows * self.columns * n_in}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the places before anything was learned."""
        if n_in == 0:
            raise FieldError("SelfOrganisingMap maps its input, but nothing is wired to it")
        n = self.rows * self.columns
        grid = np.column_stack(np.divmod(np.arange(n), self.columns)).astype(float)
        return self.Params(self.scaling * rng.standard_normal((n, n_in)), grid)

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``."""
        distances = np.sqrt(total((x - params.w) ** 2, axis=1))
        if self.gives == "distance":
            return state, distances
        best = distances.argmin()
        if self.gives == "place":
            return state, params.grid[best].copy()
        return state, (np.arange(len(distances)) == best).astype(x.dtype)
