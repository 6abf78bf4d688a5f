"""A field on a line or a ring as overlapping patches."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import NonNegativeInt, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Node

__all__ = ["Patches"]


class Patches(Node):
    """Columns in patches side by side, each with some of its neighbours' [1]_.

    Patch p is ``x[p width - halo], ..., x[(p + 1) width + halo - 1]``. Behind it `Shared` lets one
    reservoir and one readout work on all patches.

    Parameters
    ----------
    width : int
        Columns of a patch, without its neighbours'; it divides the columns that arrive.
    halo : int
        Columns of neighbours on each side.
    periodic : bool
        Whether the first column is next to the last; if not, there are zeros beyond the ends.

    References
    ----------
    .. [1] J. Pathak, B. Hunt, M. Girvan, Z. Lu, E. Ott, Physical Review Letters 120 (2018) 024102.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Patches(width=2, halo=1)).run([[1.0, 2.0, 3.0, 4.0]])
    array([[4., 1., 2., 3., 2., 3., 4., 1.]])
    """

    width: PositiveInt
    halo: NonNegativeInt = 0
    periodic: bool = True

    def size(self, n_in: int) -> int:
        """Return the width of all patches with their neighbours."""
        return n_in // self.width * (self.width + 2 * self.halo)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> tuple[()]:
        """Return no params; refuse patches that do not divide what arrives."""
        if not n_in or n_in % self.width:
            fit = [k for k in range(1, n_in + 1) if n_in % k == 0]
            nearest = min(fit, key=lambda k: abs(k - self.width), default=1)
            raise FieldError(
                f"width: patches of {self.width} do not divide the {n_in} columns that arrive; "
                f"write width={nearest}"
            )
        if self.width + 2 * self.halo > n_in:
            most = (n_in - self.width) // 2
            raise FieldError(
                f"halo: a patch of {self.width} and {self.halo} on each side is wider than the "
                f"{n_in} columns that arrive; write halo={most}{' or less' * bool(most)}"
            )
        return ()

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, patches)``."""
        n = len(x)
        starts = np.arange(0, n, self.width)[:, None] - self.halo
        places = (starts + np.arange(self.width + 2 * self.halo)).reshape(-1)
        y = x[places % n]
        if not self.periodic:
            y = np.where((places >= 0) & (places < n), y, x.dtype.type(0))
        return state, y
