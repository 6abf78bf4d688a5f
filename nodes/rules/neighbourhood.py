"""Units that move towards their input together with their neighbours: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Rule, Seen
from nodegraph.fields import Fraction
from nodegraph.maths import exp, power, total

__all__ = ["Neighbourhood"]


class Neighbourhood(Rule):
    """Move the winner of a `nodes.SelfOrganisingMap` and those near it on the grid [1]_.

    With c the unit nearest to x, g_i the place of a unit on the grid, and k the steps so far::

        dw_i = rate_k exp(-|g_i - g_c|^2 / (2 radius_k^2)) (x - w_i)
        rate_k = rate (last_rate / rate)^(k / steps),   radius_k alike

    and after `steps` as at the end.

    Parameters
    ----------
    rate, last_rate : float in (0, 1]
        Share of the way to x that the winner goes, at first and at the end.
    radius, last_radius : float, above 0
        How far on the grid others go with it, at first and at the end.
    steps : int
        How many steps it takes from the first to the last.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] T. Kohonen, Biological Cybernetics 43 (1982) 59-69.
    """

    class Memory(NamedTuple):
        """The number of steps so far."""

        k: Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("w",)

    rate: Fraction = 0.5
    last_rate: Fraction = 0.02
    radius: PositiveFloat = 5.0
    last_radius: PositiveFloat = 0.5
    steps: PositiveInt = 5000
    epochs: PositiveInt = 1

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        return self.Memory(np.zeros(()))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` one step later."""
        way = np.minimum(memory.k / self.steps, 1.0)
        rate = self.rate * power(self.last_rate / self.rate + 0 * way, way)
        radius = self.radius * power(self.last_radius / self.radius + 0 * way, way)
        apart = seen.x - params.w
        winner = total(apart**2, axis=1).argmin()
        far = total((params.grid - params.grid[winner]) ** 2, axis=1)
        share = rate * exp(-far / (2 * radius**2))
        w = (params.w + share[:, None] * apart).astype(params.w.dtype)
        return params._replace(w=w), self.Memory(memory.k + 1)
