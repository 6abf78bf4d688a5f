"""A linear readout that learns at every step by recursive least squares."""

from __future__ import annotations

from typing import Any

from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Fraction
from nodes.parts.faint_input import faint_input
from nodes.parts.linear_readout import TaughtReadout
from nodes.rules.recursive_least_squares import RecursiveLeastSquares

__all__ = ["RLS"]

SLOW = 1e3  # steps whose squares weigh as much as the penalty, from which on it is told


class RLS(TaughtReadout):
    """Linear readout ``y = W_out x + bias`` that learns online by recursive least squares.

    While it learns, its output is the prediction made before the update. With its output fed back
    to the reservoir it learns by FORCE; see ``graphs/force_sines.yaml`` and
    `nodes.rules.RecursiveLeastSquares`.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    alpha : float
        Penalty on the weights, bias included: without forgetting, the weights are those of ridge
        regression on ``[x, 1]`` with ``ridge = alpha``.
    forgetting : float in (0, 1]
        Weight of an error one step ago.
    fit_bias : bool
        Whether there is a bias.
    learn_every : int
        Of so many steps that have a target, the first is learned from.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,) to start from.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.arange(10.0)[:, None]
    >>> model = ng.Model(RLS())
    >>> model.partial_fit(x, 3 * x + 1)[-1].round(3)
    array([28.])
    """

    alpha: PositiveFloat = 1e-6
    forgetting: Fraction = 1.0
    learn_every: PositiveInt = 1

    @property
    def rule(self) -> RecursiveLeastSquares:
        """The rule that it learns by."""
        return RecursiveLeastSquares(
            alpha=self.alpha,
            forgetting=self.forgetting,
            fit_bias=self.fit_bias,
            learn_every=self.learn_every,
        )

    def doubts(self, x: Array, y: Array, params: Any) -> list[str]:
        """Return that the penalty outweighs inputs that are tiny."""
        return faint_input(x, lambda variance: self.alpha / variance, SLOW)
