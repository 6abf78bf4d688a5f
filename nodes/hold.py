"""The last value that was seen, in place of one that is missing."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import Gaps, Node

__all__ = ["Hold"]


class Hold(Node):
    """``y_i[t] = x_i[t]``, or ``y_i[t-1]`` where ``x_i[t]`` is NaN.

    An input that only such nodes read may have gaps: rows of NaN, or `step()` without a row.

    Parameters
    ----------
    before : float
        What stands for values that are missing before the first is seen.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> ng.Model(Input() >> Hold()).run([np.nan, 2.0, np.nan, 3.0])[:, 0]
    array([0., 2., 2., 3.])
    """

    class State(NamedTuple):
        """The last value of each signal, (n_out,)."""

        last: Array

    gaps: ClassVar[Gaps] = "fills"

    before: float = 0.0

    def start(self, n_out: int) -> State:
        """Return the state before the first step."""
        return self.State(np.full(n_out, self.before))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        y = np.where(np.isnan(x), state.last, x)
        return self.State(y), y.copy()
