"""A constant beside a signal."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import Gaps, Node

__all__ = ["Pad"]


class Pad(Node):
    """``y[t] = [x[t], value]``: one column more, which never changes.

    Readouts have a bias of their own; this is for rules and estimators that have none, or where
    the bias is to be penalised like the other weights.

    Parameters
    ----------
    value : float
        What stands in the last column.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Pad()).run([[2.0, 3.0]])
    array([[2., 3., 1.]])
    """

    gaps: ClassVar[Gaps] = "passes"

    value: float = 1.0

    def size(self, n_in: int) -> int:
        """Return one more than arrive."""
        return n_in + 1

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, [x, value])``."""
        return state, np.append(x, x.dtype.type(self.value))
