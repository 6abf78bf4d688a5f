"""The anti-Hebbian rule: online, unsupervised."""

import numpy as np

from nodegraph import Array
from nodegraph.maths import dot
from nodes.parts.plasticity import Plasticity, paced

__all__ = ["AntiHebb"]


class AntiHebb(Plasticity):
    """What fires together wires apart: ``dW_ij = -rate y_i x_j`` [1]_; it decorrelates.

    A step is never so large that it would overshoot on its own input: where rate is above
    ``1 / |x|^2``, that is taken.

    Parameters
    ----------
    rate : float
        Size of the change; 0.001 for W_in and 1e-6 for W if left out.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] P. Foldiak, Biological Cybernetics 64 (1990) 165-170.
    """

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``-y x``."""
        return -post * pre

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate, at most ``1 / |x|^2``."""
        return paced(self.rate, dot(pre, pre) * np.ones(len(y)))
