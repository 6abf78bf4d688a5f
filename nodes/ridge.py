"""A linear readout solved in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import model_validator

from nodegraph import Array
from nodegraph.errors import GraphError
from nodegraph.graph import Graph
from nodes.parts.linear_readout import TaughtReadout
from nodes.rules.interval_least_squares import (
    IntervalLeastSquares,
    IntervalParams,
    Levels,
    Source,
)
from nodes.rules.least_squares import LeastSquares, Solver, Strength

__all__ = ["Ridge"]


class Ridge(TaughtReadout):
    """Linear readout ``y = W_out x + bias`` from ridge regression [1]_.

    What arrives at the port ``weight`` while it learns is how much each row counts; with intervals
    there is no such port.

    Parameters
    ----------
    units : int, optional
        Number of outputs; taken from the targets if left out.
    ridge : float, list of float or "cv"
        Strength of the penalty on W_out, in the squared units of x; the bias is not penalised. Of
        several ("cv": 1e-10 to 100), the one is taken that predicts best what is left out, blocks
        of 256 rows of one series or whole independent series; see `nodes.rules.LeastSquares`.
    fit_bias : bool
        Whether there is a bias.
    solver : {"auto", "direct", "iterative", "qr"}
        By the Gram matrix of the inputs, by conjugate gradients that need no room for it but
        many passes over the data, or by the triangular factor of the rows, which loses no digits
        to squares; "auto" takes the Gram matrix if it fits in memory, and the triangle in a
        second pass where the matrix is singular to working precision.
    classes : sequence of str, int or bool, optional
        What the outputs stand for, sorted, as ``np.unique(labels)`` gives them; labels are then
        its targets, as `nodegraph.Model.classify` says.
    W_out, bias : array, optional
        Weights (n_out, n_in) and (n_out,), used as they stand: such a readout does not learn.
    intervals : sequence of float in (0, 1), optional
        Quantiles of the target to learn beside it, such as [0.05, 0.95] for an interval of 90 %;
        `nodegraph.Model.intervals` tells them.
    intervals_by : {"residuals", "posterior"}
        Whether they come from residuals of what was left out, which takes a second pass, or from
        the posterior of ridge regression, which is normal; see `nodes.rules.IntervalLeastSquares`.

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
    intervals: Levels | None = None
    intervals_by: Source = "residuals"

    @model_validator(mode="after")
    def _intervals_can_be_learned(self) -> Ridge:
        levels = self.intervals or ()
        if list(levels) != sorted(set(levels)):
            raise ValueError(f"intervals should ascend, such as [0.05, 0.95], got {list(levels)}")
        if levels and self.solver == "iterative":
            raise ValueError("intervals need solver='direct' or 'qr': iterations keep no sums")
        if levels and self.classes is not None:
            raise ValueError("intervals are of quantities, and classes have none; leave one out")
        return self

    def __getitem__(self, port: str) -> Graph:
        """Return this node with `port` as the place where the next edge arrives."""
        if port == "weight" and self.intervals is not None:
            raise GraphError(
                f"{self.name or 'Ridge'} has no port 'weight': intervals count all rows alike; "
                "leave intervals out, or make the targets of rows that should not count NaN"
            )
        return super().__getitem__(port)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        return reasons if self.intervals else reasons | {"intervals_by": "intervals is None"}

    @property
    def rule(self) -> LeastSquares | IntervalLeastSquares | None:
        """The rule that it learns by; none if its weights are given."""
        if self.W_out is not None:
            return None
        if self.intervals is None:
            return LeastSquares(**self.shared(LeastSquares))
        how = self.shared(IntervalLeastSquares)
        return IntervalLeastSquares(levels=self.intervals, by=self.intervals_by, **how)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Any:
        """Return the weights that were given, or zeros; and intervals of no width."""
        params = super().init(rng, n_in, n_out)
        if self.intervals is None:
            return params
        return IntervalParams.of(params, len(self.intervals))

    def bounds(self, params: Any, xs: Array, ys: Array) -> Array:
        """Return the quantiles of each row, (n_steps, n_out, n_quantiles)."""
        found: Array = params.bounds(xs, ys)
        return found
