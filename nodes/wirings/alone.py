"""Every neuron hears every input, and itself alone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from nodes.wirings.wiring import Signs, Wiring

__all__ = ["Alone"]


class Alone(Wiring):
    """Units side by side that do not hear each other; two of three synapses are excitatory.

    Traces such as those of `nodes.rules.EProp` are then the exact gradient through all time.

    Parameters
    ----------
    units : int
        Neurons.
    seed : int
        What the signs are drawn from.
    """

    label: ClassVar[str] = "self_connected"

    units: PositiveInt
    seed: NonNegativeInt = 1111

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return self.units

    @property
    def outputs(self) -> int:
        """The number of motor neurons."""
        return self.units

    def drawn(self, n_in: int) -> Signs:
        """Return the signs of all synapses."""
        rng, n = np.random.default_rng(self.seed), self.units
        signs = (-1.0, 1.0, 1.0)
        return Signs(np.diag(rng.choice(signs, n)), rng.choice(signs, (n_in, n)))
