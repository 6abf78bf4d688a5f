"""Sanger's rule, the generalised Hebbian algorithm: online, unsupervised."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nodegraph import Array
from nodegraph.maths import Synapses
from nodes.parts.plasticity import Plasticity, paced

__all__ = ["Sanger"]


class Sanger(Plasticity):
    """Each unit learns what those before it leave over [1]_.

    ``dW_ij = rate y_i (x_j - sum_{k <= i} y_k W_kj)``. The weights of k linear units become the
    first k principal components of their input, in order, each with length 1; the first unit
    follows Oja's rule. All that a unit needs is a sum that is handed on from unit to unit of the
    same node. A step never forgets more than all of W: where rate is above
    ``1 / sum_{k <= i} y_k^2``, that is taken.

    Parameters
    ----------
    rate : float
        Size of the change; 0.001 for W_in and 1e-6 for W if left out.
    weights : {"W_in", "W"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] T. D. Sanger, Neural Networks 2 (1989) 459-473.
    """

    weights: Literal["W", "W_in"] = "W_in"

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``y`` times what is left of x."""
        return post * pre

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate, at most ``1 / sum_{k <= i} y_k^2``."""
        return paced(self.rate, np.cumsum(y * y))

    def heard(self, w: Synapses, y: Array, pre: Array) -> Array:
        """Return ``x_j - sum_{k <= i} y_k W_kj``."""
        left: Array = w.pre(pre) - w.running_sums(w.post(y) * w.weights)
        return left
