"""A linear readout that leaves most inputs out."""

from __future__ import annotations

from pydantic import NonNegativeFloat

from nodes.parts.linear_readout import TaughtReadout
from nodes.rules.least_squares import Strength
from nodes.rules.sparse_least_squares import SparseLeastSquares

__all__ = ["Lasso"]


class Lasso(TaughtReadout):
    """Linear readout ``y = W_out x + bias`` of which many weights are zero [1]_.

    What arrives at the port ``weight`` while it learns is how much each row counts.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    l1 : float, list of float or "cv"
        Strength of the penalty on absolute weights: ``2 n alpha`` of scikit-learn with n rows. Of
        several the one is taken that predicts best what is left out; see
        `nodes.rules.SparseLeastSquares`.
    ridge : float
        Strength of a penalty on squared weights beside it: the elastic net.
    fit_bias : bool
        Whether there is a bias; it is not penalised.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,), used as they stand: such a readout does not learn.

    References
    ----------
    .. [1] R. Tibshirani, J. Royal Statistical Society B 58 (1996) 267-288.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.random.default_rng(0).normal(size=(200, 5))
    >>> model = ng.Model(Lasso(l1=40.0, name="out")).fit(x, 3 * x[:, :1])
    >>> model.params["out"].W_out.round(1) + 0.0
    array([[2.9, 0. , 0. , 0. , 0. ]])
    """

    l1: Strength = 1e-3
    ridge: NonNegativeFloat = 0.0

    @property
    def rule(self) -> SparseLeastSquares | None:
        """The rule that it learns by; none if its weights are given."""
        if self.W_out is not None:
            return None
        return SparseLeastSquares(l1=self.l1, ridge=self.ridge, fit_bias=self.fit_bias)
