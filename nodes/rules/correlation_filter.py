"""Conceptors from the correlations of states: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Array, Seen
from nodegraph.errors import DataError
from nodes.parts.conceptors import conceptor
from nodes.parts.covariance_rule import CovarianceRule
from nodes.parts.covariances import Covariances

__all__ = ["CorrelationFilter"]


class CorrelationFilter(CovarianceRule):
    """Let C_j be ``R_j (R_j + aperture^-2 I)^-1``, R_j the mean of ``x x'`` while j is active [1]_.

    j is the pattern whose signal at the port `active` is the largest; steps at which none is above
    0 tell of none, and a pattern that no step tells of keeps its C.

    Parameters
    ----------
    aperture : float
        How much is let through.

    References
    ----------
    .. [1] H. Jaeger, J. Machine Learning Research 18 (2017) 1-43.
    """

    modifies: ClassVar[tuple[str, ...]] = ("C",)

    aperture: PositiveFloat = 10.0

    def begin(self, params: Any) -> tuple[Covariances, ...]:
        """Return the sums of no rows, for each pattern."""
        return tuple(Covariances.empty(C.shape[0]) for C in params.C)

    def signals(self, seen: Seen) -> tuple[Array, ...]:
        """Return the rows of each pattern."""
        x, active = np.atleast_2d(seen.x), np.atleast_2d(seen.ports["active"])
        which = np.where(active.max(axis=1) > 0, active.argmax(axis=1), -1)
        return tuple(x[which == j] for j in range(active.shape[1]))

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with the conceptors that were learned.

        Raises
        ------
        DataError
            If no pattern was active.
        """
        C = params.C.copy()
        told = [j for j, sums in enumerate(memory) if sums.closed().n]
        if not told:
            raise DataError(
                "no pattern was active: at the port active, one signal should be 1 and all others "
                "0 while a pattern is learned"
            )
        for j in told:
            mean, covariance = memory[j].moments()
            C[j] = conceptor(covariance + np.outer(mean, mean), self.aperture)
        return params._replace(C=C)
