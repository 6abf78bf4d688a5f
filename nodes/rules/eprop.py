"""Learning of recurrent weights forward in time, by eligibility: online, unsupervised."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from nodegraph import Array, Seen
from nodegraph.fields import Fraction
from nodegraph.maths import matvec, outer, tanh, vecmat
from nodes.parts.descent import Clock, Descent, clock, moments, settled

__all__ = ["EProp"]

LONGEST = 0.999  # how much of a trace is left a step later, at most


class EProp(Descent):
    """Let a `nodes.PredictiveCell` learn from its own forecast errors [1]_, [2]_.

    Each weight keeps a trace of how it moved the unit behind it, ``P_ij ~ dh_i / dW_ij``::

        P_ij[t] = k_i P_ij[t-1] + a f'_i h_j[t-1],   k_i = (1 - a) + a f'_i W_ii

    and alike for W_in and bias. When a forecast made from ``h[t-1]`` turns out wrong by e, each
    unit is told ``L = V' e`` by the cell's own head, and the gradients of ``|e|^2 / 2`` are ::

        dW_ij = -L_i P_ij[t-1],   dV = -e h[t-1]',   doffset = -e

    They are exact where units are joined to themselves alone; what went through other units in
    between is left out, which is what makes the rule local in time and in the cell. With
    ``feedback="random"``, the default, L is ``B e`` with random weights B that stay as they are, as
    in random feedback local online learning [2]_ (which also leaves W_ii out of the trace): units
    are told something from the first step on, while V' starts at 0.

    Weights move by Adam, see `nodes.parts.descent`; k is kept within 0.999, so that no trace
    exceeds 1000.

    Parameters
    ----------
    feedback : {"random", "head"}
        How a unit learns of the error.
    frozen : bool
        Whether only the head learns.
    leak_rate : float in (0, 1]
        a, that of the cell.
    rate, batch, decay, epochs
        How the weights move; see `nodes.parts.descent.Descent`.

    References
    ----------
    .. [1] G. Bellec et al., Nature Communications 11 (2020) 3625.
    .. [2] J. M. Murray, eLife 8 (2019) e43299.
    """

    class Memory(NamedTuple):
        """Gradients and traces, in double precision."""

        W: Array  # (3, n, n), see `nodes.parts.descent.moments`
        W_in: Array  # (3, n, n_in)
        bias: Array  # (3, n)
        V: Array  # (3, n_in, n)
        offset: Array  # (3, n_in)
        trace: Array  # (n, n + n_in + 1): of W, W_in and bias
        clock: Clock

    modifies = ("W", "W_in", "bias", "V", "offset")

    feedback: Literal["random", "head"] = "random"
    frozen: bool = False
    leak_rate: Fraction = 1.0

    @property
    def moving(self) -> tuple[str, ...]:
        """Names of the arrays that learn."""
        return self.modifies[3:] if self.frozen else self.modifies

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first step."""
        n, n_in = params.W_in.shape
        zeros = {name: moments(getattr(params, name)) for name in self.modifies}
        return self.Memory(**zeros, trace=np.zeros((n, n + n_in + 1)), clock=clock())

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after one more step."""
        _, before, e = seen.state
        signal = vecmat(e, params.V) if self.feedback == "head" else matvec(params.feedback, e)
        n, n_in = params.W_in.shape
        blame = -signal[:, None] * memory.trace
        gradients = {
            "W": blame[:, :n],
            "W_in": blame[:, n : n + n_in],
            "bias": blame[:, -1],
            "V": -outer(e, before),
            "offset": -e,
        }
        gathered = {}
        for name in self.moving:
            gathered[name] = getattr(memory, name).copy()
            gathered[name][0] += gradients[name]
        traced = memory._replace(
            trace=self._traced(params, memory.trace, before, seen.x), **gathered
        )
        return settled(self, params, traced, self.moving)

    def _traced(self, params: Any, trace: Array, before: Array, x: Array) -> Array:
        """Return the traces one step later."""
        drive = matvec(params.W, before) + matvec(params.W_in, x) + params.bias
        opened = self.leak_rate * (1 - tanh(drive) ** 2)
        kept = np.clip(1 - self.leak_rate + opened * np.diag(params.W), -LONGEST, LONGEST)
        source = np.concatenate([before, x, [1.0]])
        later: Array = kept[:, None] * trace + outer(opened, source)
        return later

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are."""
        self.require_update(memory.clock)
        return params
