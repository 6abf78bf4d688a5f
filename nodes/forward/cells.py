"""What units of several state variables have in common: how many there are, and what they read."""

from __future__ import annotations

from abc import ABC

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import UnitInterval
from nodes.forward_unit import Emitted, ForwardUnit

__all__ = ["CellUnit"]


class CellUnit(ForwardUnit, ABC):
    """A population in cells: `dim` state variables that share what they read.

    Parameters
    ----------
    dim : int
        State variables of a cell; what the last cell has too many of is not shown.
    fan_in : int
        How many signals of the bus each cell reads; the first of them is an input.
    input_share : float in [0, 1]
        Probability that a signal read is an input, rather than the state of a cell one step
        before; with 1 the cells do not hear each other.
    """

    dim: PositiveInt = 5
    fan_in: PositiveInt = 8
    input_share: UnitInterval = 0.5

    @property
    def cells(self) -> int:
        """The number of cells."""
        return -(-self.units // self.dim)

    def widths(self) -> dict[Emitted, int]:
        """Return how many signals there are of each sort that can be given out."""
        seen = self.cells * self.fan_in
        return {"state": self.units, "prediction": seen, "error": seen}

    def wiring(self, rng: np.random.Generator, n_in: int) -> Array:
        """Return the places on the bus that each cell reads, (cells, fan_in)."""
        shape = self.cells, self.fan_in
        external = rng.random(shape) < self.input_share
        external[:, 0] = True
        states = rng.integers(n_in, n_in + self.cells * self.dim, shape)
        return np.where(external, rng.integers(0, n_in, shape), states)

    def given_out(self, state: Array, prediction: Array, error: Array) -> Array:
        """Return the chosen outputs side by side."""
        whole = {"state": state.reshape(-1)[: self.units], "prediction": prediction, "error": error}
        return np.concatenate([whole[name].reshape(-1) for name in self.emits])
