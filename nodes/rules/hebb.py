"""Hebb's rule: online, unsupervised."""

from nodegraph import Array
from nodes.parts.plasticity import Plasticity

__all__ = ["Hebb"]


class Hebb(Plasticity):
    """What fires together wires together: ``dW_ij = rate y_i x_j`` [1]_.

    Alone it grows without bound: as ``exp(rate lambda t)`` for a linear unit, lambda being the
    largest eigenvalue of ``<x x'>``, which ends in a DivergenceError; by up to ``rate max|x|`` a
    step where f is bounded. The recurrent weights of a
    reservoir align, so that its spectral radius grows as ``rate t`` and its states saturate; a
    DataWarning tells. Write ``SynapticNormalization(rule=Hebb())`` to keep it in bounds.

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
    .. [1] D. O. Hebb, The Organization of Behavior, Wiley (1949).
    """

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``y x``."""
        return post * pre
