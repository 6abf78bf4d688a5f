"""Every neuron hears every input and every neuron."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import NonNegativeInt, PositiveInt, model_validator

from nodes.wirings.wiring import Signs, Wiring

__all__ = ["Full"]


class Full(Wiring):
    """All synapses are there; two of three are excitatory.

    Parameters
    ----------
    units : int
        Neurons.
    output_size : int, optional
        Motor neurons; all if left out.
    self_connections : bool
        Whether neurons hear themselves.
    seed : int
        What the signs are drawn from.
    """

    label: ClassVar[str] = "fully_connected"

    units: PositiveInt
    output_size: PositiveInt | None = None
    self_connections: bool = True
    seed: NonNegativeInt = 1111

    @model_validator(mode="after")
    def _outputs_are_neurons(self) -> Full:
        if self.output_size is not None and self.output_size > self.units:
            raise ValueError(
                f"output_size: should be at most units ({self.units}), got {self.output_size}"
            )
        return self

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return self.units

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        return self.output_size or self.units

    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses."""
        rng, n = np.random.default_rng(self.seed), self.units
        there = np.ones((n, n), bool) if self.self_connections else ~np.eye(n, dtype=bool)
        recurrent = np.zeros((n, n))
        recurrent[there] = rng.choice((-1.0, 1.0, 1.0), there.sum())
        return Signs(recurrent, rng.choice((-1.0, 1.0, 1.0), (n_in, n)))
