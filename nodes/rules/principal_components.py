"""Principal components from the covariance: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nodes.parts.covariance_rule import CovarianceRule
from nodes.parts.covariances import check_varying, eigenvectors, rank
from nodes.parts.projection import projecting

__all__ = ["PrincipalComponents"]


class PrincipalComponents(CovarianceRule):
    """Let the rows of W be the directions of largest variance, in descending order [1]_.

    ``C v = variance v`` for the covariance C of the input, with ``|v| = 1``; the largest entry of
    each v is positive. `Sanger` learns the same online.

    Parameters
    ----------
    whiten : bool
        Whether each row is divided by the standard deviation of what it gives.

    References
    ----------
    .. [1] I. T. Jolliffe, Principal Component Analysis, 2nd ed. (2002).
    """

    modifies: ClassVar[tuple[str, ...]] = ("W", "mean", "variance", "rest")

    whiten: bool = False

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with mean, directions and their variances.

        Raises
        ------
        DataError
            If there was no row to learn from, sums are no longer finite, or the inputs do not vary
            in as many directions as are to be brought to unit variance.
        """
        mean, covariance = memory[0].moments()
        values, vectors = eigenvectors(covariance)
        units, found = len(params.W), rank(values)
        values, W = np.maximum(values[::-1][:units], 0.0), vectors[::-1][:units]
        if self.whiten:
            lost = f"{units} components cannot be brought to unit variance"
            check_varying(len(mean), found, units, lost, ", or whiten=False")
            W = W / np.sqrt(values)[:, None]
        return projecting(params, W, mean, variance=values)
