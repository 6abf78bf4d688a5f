"""A signal without correlations, as near to itself as can be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import NonNegativeFloat

from nodegraph.arrays import Array
from nodes.parts.projection import Projection
from nodes.rules.decorrelation import Decorrelation

__all__ = ["Whitening"]


class Whitening(Projection):
    """``y = (C + epsilon I)^(-1/2) (x - mean)``, C being the covariance that `fit` saw [1]_.

    Each signal has unit variance and none is correlated with another. Of all such maps this one
    (ZCA) moves the signals least; ``PCA(whiten=True)`` turns them to the principal axes.

    Parameters
    ----------
    epsilon : float
        Added to every variance, in squared units of x, so that directions that hardly vary are not
        blown up.

    References
    ----------
    .. [1] A. Bell, T. Sejnowski, Vision Research 37 (1997) 3327-3338.

    Examples
    --------
    >>> import nodegraph as ng
    >>> x = [[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]]
    >>> ng.Model(Whitening()).fit(x).run([[1.0, 2.0]]).round(3)
    array([[1.414, 1.414]])
    """

    class Params(NamedTuple):
        """The map (n, n), the mean and `rest`, (n,)."""

        W: Array
        mean: Array
        rest: Array | float = 0.0

    epsilon: NonNegativeFloat = 0.0

    @property
    def rule(self) -> Decorrelation:
        """The rule that it learns by."""
        return Decorrelation(epsilon=self.epsilon)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the map that leaves signals as they are."""
        return self.Params(np.eye(n_out), np.zeros(n_out), np.zeros(n_out))
