"""A whole series in one row: its last, mean, largest or smallest values, or their sum."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.node import Node

__all__ = ["Reduce"]

FOLDS: Final[dict[str, tuple[Any, float]]] = {  # how two values become one, and what changes none
    "last": (lambda _, x: x, 0.0),
    "mean": (np.add, 0.0),
    "sum": (np.add, 0.0),
    "max": (np.maximum, -np.inf),
    "min": (np.minimum, np.inf),
}


class Reduce(Node):
    """What the series was so far, for each signal; so its last row is the summary of the series.

    With kind "mean" it is ``y[t] = (x[0] + ... + x[t]) / (t + 1)``, summed in double precision in
    every model; the others are alike. A
    target of one row for a series, as a label is, belongs to its last step, so a readout behind
    this node classifies series.

    Parameters
    ----------
    kind : {"last", "mean", "sum", "max", "min"}
        What is kept.

    Examples
    --------
    >>> import nodegraph as ng
    >>> ng.Model(Reduce(kind="mean")).run([[1.0], [3.0], [8.0]])[-1]
    array([4.])
    """

    class State(NamedTuple):
        """What was kept so far, and of how many steps."""

        value: Array  # (n_out,) float64
        steps: Array  # ()

    double: ClassVar[tuple[str, ...]] = ("value",)
    sums_up: ClassVar[bool] = True

    kind: Literal["last", "mean", "sum", "max", "min"] = "last"

    def start(self, n_out: int) -> State:
        """Return the state before the first step."""
        return self.State(np.full(n_out, FOLDS[self.kind][1]), np.zeros((), np.int64))

    def step(self, params: Any, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        join, _ = FOLDS[self.kind]
        value, steps = join(state.value, x.astype(state.value.dtype)), state.steps + 1
        y = value / steps if self.kind == "mean" else value
        return self.State(value, steps), y.astype(x.dtype)
