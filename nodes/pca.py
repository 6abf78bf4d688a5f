"""Principal components of a signal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodes.parts.projection import Projection, check_units
from nodes.rules.principal_components import PrincipalComponents

__all__ = ["PCA"]


class PCA(Projection):
    """``y = W (x - mean)``: the `units` directions of largest variance that `fit` saw [1]_.

    Parameters
    ----------
    units : int
        Number of components.
    whiten : bool
        Whether each is brought to unit variance.

    References
    ----------
    .. [1] I. T. Jolliffe, Principal Component Analysis, 2nd ed. (2002).

    Examples
    --------
    >>> import nodegraph as ng
    >>> model = ng.Model(PCA(units=1)).fit([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> model.run([[6.0, 8.0]])
    array([[5.]])
    """

    class Params(NamedTuple):
        """Directions (units, n_in), mean (n_in,), variances along them and `rest`, (units,)."""

        W: Array
        mean: Array
        variance: Array
        rest: Array | float = 0.0

    units: PositiveInt
    whiten: bool = False

    @property
    def rule(self) -> PrincipalComponents:
        """The rule that it learns by."""
        return PrincipalComponents(whiten=self.whiten)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return directions along the first inputs; refuse more than there are."""
        check_units(n_out, n_in)
        return self.Params(np.eye(n_out, n_in), np.zeros(n_in), np.ones(n_out), np.zeros(n_out))
