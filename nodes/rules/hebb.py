"""Hebb's rule: online, unsupervised."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph import Array
from nodegraph.arrays import is_sparse
from nodes.rules.plasticity import Law, Plasticity, scaled_rows

__all__ = ["Hebb", "row_norms"]


class Hebb(Plasticity):
    """What fires together wires together: ``dW_ij = rate y_i x_j`` [1]_.

    Alone it grows without bound, as ``exp(rate lambda t)``; with `normalise`, each unit's weights
    keep the length that they had.

    Parameters
    ----------
    rate : float
        Size of the change.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.
    normalise : bool
        Whether each row of weights is brought back to its length after each step.

    References
    ----------
    .. [1] D. O. Hebb, The Organization of Behavior, Wiley (1949).
    """

    normalise: bool = False

    def law(self) -> Law:
        """Return the rule for compiled loops."""
        return Law("hebb", self.rate, normalise=self.normalise)

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``y x``."""
        return post * pre

    def keep(self, params: Any) -> Array:
        """Return the length of each unit's weights."""
        return row_norms(getattr(params, self.weights))

    def settled(self, W: Any, own: Array) -> Any:
        """Return the weights at their old length, if that is wanted."""
        if not self.normalise:
            return W
        norms = row_norms(W)
        return scaled_rows(W, np.where(norms > 0, own / np.where(norms > 0, norms, 1.0), 1.0))


def row_norms(W: Any) -> Array:
    """Return the length of each row."""
    if is_sparse(W):
        rows = np.repeat(np.arange(W.shape[0]), np.diff(W.indptr))
        return np.sqrt(np.bincount(rows, W.data**2, minlength=W.shape[0]))
    norms: Array = np.sqrt((W**2).sum(axis=1))
    return norms
