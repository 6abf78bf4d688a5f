"""A field from patches that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node

__all__ = ["Unpatch"]


class Unpatch(Node):
    """Each patch without its neighbours' columns, side by side: what `Patches` was given.

    Readouts that tell their own columns alone need none: those stand side by side already.

    Parameters
    ----------
    width : int
        Columns of a patch, without its neighbours'.
    halo : int
        Columns of neighbours on each side.

    Examples
    --------
    >>> import nodegraph as ng
    >>> from nodes import Patches
    >>> ng.Model(Patches(width=2, halo=1) >> Unpatch(width=2, halo=1)).run([[1.0, 2.0, 3.0, 4.0]])
    array([[1., 2., 3., 4.]])
    """

    width: PositiveInt
    halo: NonNegativeInt = 0

    def size(self, n_in: int) -> int:
        """Return the number of columns without neighbours'."""
        return n_in // (self.width + 2 * self.halo) * self.width

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> tuple[()]:
        """Return no params; refuse what are no such patches."""
        whole = self.width + 2 * self.halo
        if not n_in or n_in % whole:
            raise FieldError(
                f"width, halo: {n_in} columns are no patches of {whole}; write those of the "
                "Patches in front"
            )
        if whole > n_out:
            raise FieldError(
                f"width, halo: {n_in} columns would be {n_out // self.width} of {whole}, more than "
                f"the {n_out} that they were cut from; write those of the Patches in front"
            )
        return ()

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, columns)``."""
        whole = self.width + 2 * self.halo
        starts = np.arange(self.halo, len(x), whole)[:, None]
        return state, x[(starts + np.arange(self.width)).reshape(-1)]
