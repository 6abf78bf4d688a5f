"""The rule of Bienenstock, Cooper and Munro: online, unsupervised."""

from typing import Any

import numpy as np

from nodegraph import Array, Fraction
from nodegraph.maths import dot
from nodes.parts.plasticity import Plasticity, paced

__all__ = ["BCM"]


class BCM(Plasticity):
    """Growth above a threshold that slides: ``dW_ij = rate y_i (y_i - theta_i) x_j`` [1]_.

    ``theta_i`` follows ``y_i^2``: ``theta_i += sliding (y_i^2 - theta_i)``. A linear unit
    becomes selective: it ends up answering one of several input patterns alone. A step is never so
    large that it would more than double or silence the answer to its own input: where rate is above
    ``1 / (|y_i - theta_i| |x|^2)``, that is taken.

    Parameters
    ----------
    rate : float
        Size of the change; 0.001 for W_in and 1e-6 for W if left out.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.
    sliding : float in (0, 1]
        How fast the threshold follows; 0.01 looks back on about 100 steps.

    References
    ----------
    .. [1] E. Bienenstock, L. Cooper, P. Munro, Journal of Neuroscience 2 (1982) 32-48.
    """

    sliding: Fraction = 0.01

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``y (y - theta) x``."""
        change: Array = post * (post - own) * pre
        return change

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate, at most ``1 / (|y - theta| |x|^2)``."""
        return paced(self.rate, np.abs(y - own) * dot(pre, pre))

    def after(self, own: Array, y: Array) -> Array:
        """Return the thresholds a step later."""
        theta: Array = own + self.sliding * (y**2 - own)
        return theta

    def measure(self, params: Any, memory: Any) -> dict[str, float]:
        """Return the mean threshold."""
        return {"threshold": float(memory.own.mean())}
