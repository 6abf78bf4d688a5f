"""A linear readout solved in closed form."""

from __future__ import annotations

from nodes.parts.taught_readout import TaughtReadout
from nodes.rules.least_squares import LeastSquares, Solver, Strength

__all__ = ["Ridge"]


class Ridge(TaughtReadout):
    """Linear readout ``y = W_out x + bias`` from ridge regression [1]_.

    What arrives at the port ``weight`` while it learns is how much each row counts.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    ridge : float, list of float or "cv"
        Strength of the penalty on W_out, in the squared units of x; the bias is not penalised. Of
        several, the one is taken that predicts best what is left out; see
        `nodes.rules.LeastSquares`.
    fit_bias : bool
        Whether there is a bias.
    solver : {"auto", "direct", "iterative", "qr"}
        By the Gram matrix of the inputs, by conjugate gradients that need no room for it but
        many passes over the data, or by the triangular factor of the rows, which loses no digits
        to squares; "auto" takes the Gram matrix if it fits in memory, and the triangle in a
        second pass where the matrix is singular to working precision.
    classes : sequence of str or int, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,), used as they stand: such a readout does not learn.

    References
    ----------
    .. [1] A. Hoerl, R. Kennard, Technometrics 12 (1970) 55-67.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> x = np.arange(10.0)[:, None]
    >>> ng.Model(Ridge()).fit(x, 3 * x + 1).run([[20.0]]).round(3)
    array([[61.]])
    """

    ridge: Strength = 1e-6
    solver: Solver = "auto"

    @property
    def rule(self) -> LeastSquares | None:
        """The rule that it learns by; none if its weights are given."""
        if self.W_out is not None:
            return None
        return LeastSquares(ridge=self.ridge, fit_bias=self.fit_bias, solver=self.solver)
