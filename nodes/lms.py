"""A linear readout that learns at every step by least mean squares."""

from __future__ import annotations

from typing import Any

from pydantic import PositiveFloat, model_validator

from nodegraph import Array
from nodes.parts.faint_input import faint_input
from nodes.parts.linear_readout import TaughtReadout
from nodes.rules.least_mean_squares import LeastMeanSquares

__all__ = ["LMS"]

SLOW = 1e5  # steps in which an error falls by e, from which on it is told


class LMS(TaughtReadout):
    """Linear readout ``y = W_out x + bias`` that learns online by least mean squares.

    See `nodes.rules.LeastMeanSquares`.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    rate : float
        Size of the step along the error; below 2 if normalised.
    fit_bias : bool
        Whether there is a bias.
    normalized : bool
        Whether the rate is relative to the square of the input (NLMS).
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,) to start from.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.tile([[-1.0], [1.0]], (500, 1))
    >>> ng.Model(LMS(rate=0.1)).partial_fit(x, 3 * x + 1)[-1].round(3)
    array([4.])
    """

    rate: PositiveFloat = 0.01
    normalized: bool = False

    @model_validator(mode="after")
    def _rate_is_stable(self) -> LMS:
        LeastMeanSquares(rate=self.rate, normalized=self.normalized)
        return self

    @property
    def rule(self) -> LeastMeanSquares:
        """The rule that it learns by."""
        return LeastMeanSquares(rate=self.rate, fit_bias=self.fit_bias, normalized=self.normalized)

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that inputs are so small that the rate moves nothing."""
        size = float((x * x).sum(axis=1).mean()) + self.fit_bias if self.normalized else 1.0
        return faint_input(x, lambda variance: size / (self.rate * variance), SLOW)
