"""Slow feature analysis from two covariances: offline, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nodegraph import Array, Seen
from nodegraph.errors import DataError
from nodes.parts.covariance_rule import CovarianceRule
from nodes.parts.covariances import Covariances, check_varying, eigenvectors, rank
from nodes.parts.projection import projecting

__all__ = ["Slowness"]


class Slowness(CovarianceRule):
    """Let the rows of W be the directions that change least, of unit variance, slowest first [1]_.

    ``D w = delta C w`` with C the covariance of x and D the mean of ``d d'``, d being the change
    ``x - previous``; the least delta first. Directions without variance are left out. The first
    rows of a series, before which there are none by the delays of the graph, tell nothing of D.

    References
    ----------
    .. [1] L. Wiskott, T. Sejnowski, Neural Computation 14 (2002) 715-770.
    """

    modifies: ClassVar[tuple[str, ...]] = ("W", "mean", "delta", "rest")

    @property
    def ports(self) -> tuple[str, ...]:
        """The input one step before."""
        return ("previous",)

    @property
    def late(self) -> tuple[str, ...]:
        """The input one step before."""
        return self.ports

    def begin(self, params: Any) -> tuple[Covariances, ...]:
        """Return the sums of no rows."""
        return Covariances.empty(len(params.mean)), Covariances.empty(len(params.mean))

    def signals(self, seen: Seen) -> tuple[Array, ...]:
        """Return the input, and how it changed."""
        x, before = np.atleast_2d(seen.x), np.atleast_2d(seen.ports["previous"])
        inside = np.isfinite(before).all(axis=1)
        return x, x[inside] - before[inside]

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with the mean, the directions and their deltas.

        Raises
        ------
        DataError
            If there were no two rows to learn from, sums are no longer finite, the inputs vary in
            fewer directions than are wanted, or what arrives at `previous` is the input itself.
        """
        (mean, covariance), (drift, change) = (sums.moments() for sums in memory)
        values, vectors = eigenvectors(covariance)
        units, found = len(params.W), rank(values)
        check_varying(len(mean), found, units, f"there are no {units} slow features")
        if not (drift.any() or change.any()):
            raise DataError(
                "the port previous hears the very input, so that nothing changes; lead it there "
                'one step later: write source >> delay(1) >> slow_features["previous"]'
            )
        white = vectors[len(values) - found :] / np.sqrt(values[len(values) - found :])[:, None]
        delta, turned = eigenvectors(white @ (change + np.outer(drift, drift)) @ white.T)
        return projecting(params, turned[:units] @ white, mean, delta=delta[:units])
