"""Every other state replaced by a product of states."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["PartialSquares"]


class PartialSquares(Node):
    """Every other state by a product, so that a linear readout sees what is not odd [1]_ [2]_.

    With columns counted from 1, as the papers do, ``y_j = x_j`` for even j, and for odd j::

        nlat1: y_j = x_j x_j
        nlat2: y_j = x_{j-1} x_{j-2}, but y_1 = x_1
        nlat3: y_j = x_{j-1} x_{j+1}, but y_1 = x_1, and y_n = x_n for the last of an odd number

    Behind `Shared` columns are counted through all copies, so give the node inside an even number
    of units, or write ``Shared(node=PartialSquares(), copies=...)``.

    Parameters
    ----------
    kind : {"nlat1", "nlat2", "nlat3"}
        Which products: the nonlinear transformations T1, T2 and T3 of [2]_.

    References
    ----------
    .. [1] J. Pathak, B. Hunt, M. Girvan, Z. Lu, E. Ott, Physical Review Letters 120 (2018) 024102.
    .. [2] A. Chattopadhyay, P. Hassanzadeh, D. Subramanian, Nonlinear Processes in Geophysics 27
       (2020) 373-389.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(PartialSquares()).run([[2.0, 3.0, 5.0, 7.0]])
    array([[ 4.,  3., 25.,  7.]])
    >>> ng.Model(PartialSquares(kind="nlat3")).run([[2.0, 3.0, 5.0, 7.0]])
    array([[ 2.,  3., 21.,  7.]])
    """

    kind: Literal["nlat1", "nlat2", "nlat3"] = "nlat1"

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, y)``."""
        changed, one, other = _factors(self.kind, len(x))
        return state, np.where(changed, x[one] * x[other], x)


def _factors(kind: str, n: int) -> tuple[Array, Array, Array]:
    """Return which columns change, and the columns whose product they become."""
    here = np.arange(n)  # from 0: the paper's odd columns are even here
    one, other = {
        "nlat1": (here, here),
        "nlat2": (here - 1, here - 2),
        "nlat3": (here - 1, here + 1),
    }[kind]
    changed = (here % 2 == 0) & (np.minimum(one, other) >= 0) & (np.maximum(one, other) < n)
    return changed, np.where(changed, one, here), np.where(changed, other, here)
