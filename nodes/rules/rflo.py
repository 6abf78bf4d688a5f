"""Random feedback local online learning: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

from nodegraph import Array
from nodegraph.maths import matvec
from nodes.parts.eligibility import Eligibility
from nodes.parts.tape import Heard

__all__ = ["RFLO"]


class RFLO(Eligibility):
    """Let a cell learn from its own forecast errors by random feedback, locally and online [1]_.

    Each weight keeps a trace, see `nodes.parts.eligibility.Eligibility`, that fades as the cell's
    state does: nothing of it goes through W. Each unit is told ``L = B e`` with random weights B
    that stay as they are. Of leaky units ::

        P_ij[t] = (1 - a) P_ij[t-1] + a f'_i h_j[t-1],   dW_ij = -(B e)_i P_ij[t-1]

    Parameters
    ----------
    learns : {"forecast", "target"}
        What the head is to say: the cell's next input, or a target, which then arrives at the
        port ``target``; see `nodes.parts.eligibility.Eligibility`.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] J. M. Murray, eLife 8 (2019) e43299.
    """

    heard: ClassVar[Heard] = "none"

    def told(self, params: Any, error: Array) -> Array:
        """Return what each unit is told of an error."""
        signal: Array = matvec(params.feedback, error)
        return signal
