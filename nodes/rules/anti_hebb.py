"""The anti-Hebbian rule: online, unsupervised."""

from nodegraph import Array
from nodes.rules.plasticity import Law, Plasticity

__all__ = ["AntiHebb"]


class AntiHebb(Plasticity):
    """What fires together wires apart: ``dW_ij = -rate y_i x_j`` [1]_; it decorrelates.

    Parameters
    ----------
    rate : float
        Size of the change.
    weights : {"W", "W_in"}
        Which weights learn.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] P. Foldiak, Biological Cybernetics 64 (1990) 165-170.
    """

    def law(self) -> Law:
        """Return the rule for compiled loops."""
        return Law("hebb", -self.rate)

    def growth(self, post: Array, pre: Array, w: Array, own: Array) -> Array:
        """Return ``-y x``."""
        return -post * pre
