"""A readout of probabilities."""

from __future__ import annotations

from typing import Any

from pydantic import NonNegativeFloat

from nodegraph import Array
from nodegraph.maths import matvec, sigmoid, softmax
from nodes.parts.linear_readout import LinearReadout, TaughtReadout
from nodes.rules.cross_entropy import CrossEntropy

__all__ = ["LogisticRegression"]


class LogisticRegression(TaughtReadout):
    """``y = softmax(W_out x + bias)``: how probable each class is [1]_.

    It learns by the least cross-entropy, by Newton's method. A readout of one output is
    ``y = sigmoid(W_out x + bias)``, with targets from 0 to 1. What arrives at the port ``weight``
    while it learns is how much each row counts.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    ridge : float
        Strength of the penalty ``ridge / 2 |W_out|^2``; 1 / C of scikit-learn.
    fit_bias : bool
        Whether there is a bias; it is not penalised.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,), used as they stand: such a readout does not learn.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning, 2nd ed.
       (2009), section 4.4.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> readout = LogisticRegression(ridge=1e-3)
    >>> model = ng.Model(readout).fit(x, [[0.0], [1.0], [0.0], [1.0]])
    >>> model.run([[1.5], [30.0]]).round(2)
    array([[0.5],
           [1. ]])
    """

    ridge: NonNegativeFloat = 1e-2

    @property
    def rule(self) -> CrossEntropy | None:
        """The rule that it learns by; none if its weights are given."""
        if self.W_out is not None:
            return None
        return CrossEntropy(ridge=self.ridge, fit_bias=self.fit_bias)

    def step(self, params: LinearReadout.Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, probabilities)``."""
        z = matvec(params.W_out, x) + params.bias
        return state, softmax(z) if len(z) > 1 else sigmoid(z)

    def tangent(
        self, params: LinearReadout.Params, state: Any, inputs: Any, d_state: Any, d_inputs: Any
    ) -> tuple[Any, Array]:
        """Return ``(d_state, dp)``; see `nodegraph.graph.protocols.Differentiable`."""
        _, p = self.step(params, state, inputs["x"])
        dz = params.W_out @ d_inputs["x"]
        dp: Array = p[:, None] * (dz - p @ dz if len(p) > 1 else (1 - p) * dz)
        return d_state, dp
