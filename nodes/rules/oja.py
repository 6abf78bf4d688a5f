"""Oja's rule: online, unsupervised."""

from nodegraph import Array
from nodes.parts.plasticity import Plasticity, paced

__all__ = ["Oja"]


class Oja(Plasticity):
    """Hebbian growth held in bounds: ``dW_ij = rate y_i (x_j - y_i W_ij)`` [1]_.

    A linear unit's weights become the first principal component of its input, with length 1. A step
    never forgets more than all of W_i: where rate is above ``1 / y_i^2``, that is taken, and the
    squared length of a linear unit's weights stays below about ``2 + rate |x|^2``. Weights in
    bounds are no reservoir in bounds: rows of W that have all turned to the same component have a
    spectral radius of about the root of their number of weights, and more where f saturates.

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
    .. [1] E. Oja, Journal of Mathematical Biology 15 (1982) 267-273.
    """

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``y (x - y w)``."""
        change: Array = post * (pre - post * w)
        return change

    def pace(self, y: Array, pre: Array, own: Array) -> Array:
        """Return the rate, at most ``1 / y^2``."""
        return paced(self.rate, y * y)
