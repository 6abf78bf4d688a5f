"""Learning of recurrent weights forward in time, by eligibility: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from nodegraph import Array
from nodegraph.maths import matvec, vecmat
from nodes.parts.eligibility import Eligibility
from nodes.parts.tape import Heard

__all__ = ["EProp"]


class EProp(Eligibility):
    """Let a cell learn from its own forecast errors by eligibility propagation [1]_.

    Each weight keeps a trace of how it moved the unit behind it, see
    `nodes.parts.eligibility.Eligibility`; of what the other units did in between nothing is known,
    which makes the rule local in time and in the cell. A unit hears itself: W_jj is part of J. The
    gradients are exact where units are joined to themselves alone. Of leaky units, as of
    `nodes.PredictiveCell`, the trace is ::

        P_ij[t] = k_i P_ij[t-1] + a f'_i h_j[t-1],   k_i = (1 - a) + a f'_i W_ii

    Each unit is told ``L = V' e`` by the cell's own head, or with ``feedback="random"``, the
    default, ``B e`` with random weights B that stay as they are: units are then told something
    from the first step on, while V' starts at 0. Weights move by Adam, see
    `nodes.parts.descent`.

    Parameters
    ----------
    feedback : {"random", "head"}
        How a unit learns of the error.
    learns : {"forecast", "target"}
        What the head is to say: the cell's next input, or a target, which then arrives at the
        port ``target``; see `nodes.parts.eligibility.Eligibility`.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] G. Bellec et al., Nature Communications 11 (2020) 3625.
    """

    heard: ClassVar[Heard] = "own"

    feedback: Literal["random", "head"] = "random"

    def told(self, params: Any, error: Array) -> Array:
        """Return what each unit is told of an error."""
        head = self.feedback == "head"
        signal: Array = vecmat(error, params.V) if head else matvec(params.feedback, error)
        return signal
