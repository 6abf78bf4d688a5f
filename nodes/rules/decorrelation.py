"""Whitening by the inverse root of the covariance: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import NonNegativeFloat

from nodegraph.errors import DataError
from nodes.parts.covariance_rule import CovarianceRule
from nodes.parts.covariances import eigenvectors, rank
from nodes.parts.projection import projecting

__all__ = ["Decorrelation"]


class Decorrelation(CovarianceRule):
    """``W = (C + epsilon I)^(-1/2)`` with C the covariance of the input [1]_.

    Parameters
    ----------
    epsilon : float
        Added to every variance, so that directions that hardly vary are not blown up.

    References
    ----------
    .. [1] A. Bell, T. Sejnowski, Vision Research 37 (1997) 3327-3338.
    """

    modifies: ClassVar[tuple[str, ...]] = ("W", "mean", "rest")

    epsilon: NonNegativeFloat = 0.0

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with the mean and W.

        Raises
        ------
        DataError
            If there was no row to learn from, sums are no longer finite, or the inputs are linearly
            dependent and `epsilon` is 0.
        """
        mean, covariance = memory[0].moments()
        values, vectors = eigenvectors(covariance)
        found = rank(values)
        if found < len(mean) and not self.epsilon:
            raise DataError(
                f"the inputs are linearly dependent, {found} directions of {len(mean)} vary; write "
                f"epsilon={values.max(initial=0.0) * 1e-6 or 1e-6:.0e}, or "
                f"PCA(units={max(found, 1)}, whiten=True)"
            )
        W = (vectors.T / np.sqrt(np.maximum(values, 0.0) + self.epsilon)) @ vectors
        return projecting(params, W, mean)
