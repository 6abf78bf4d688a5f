"""Units that explain what they read by a hidden state which they also predict."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import activate, einsum, repeat, total
from nodes.forward.cells import CellUnit
from nodes.rules.temporal_coding import TemporalCoding

__all__ = ["PredictiveCodingUnit"]


class PredictiveCodingUnit(CellUnit):
    """Cells with a hidden state x that predicts itself and what the cell reads [1]_.

    With z what a cell reads of the bus, ``p = A f(x[t-1])`` is its forecast of its state. From
    ``x = p`` on it relaxes a few times down its energy
    ``sum(pi (z - C f(x))^2) / 2 + prior |x - p|^2 / 2``::

        x = x + g (f'(x) * C' (pi * (z - C f(x))) - prior (x - p)),
        g = relaxation / (prior + sum_k pi_k |C_k|^2)

    and gives out ``f(x)``. A and C learn by `nodes.rules.TemporalCoding`; so do the precisions pi
    of its channels, which are its attention: a channel that is predicted badly counts little.
    With a linear f and fixed precisions it is a Kalman filter.

    Its state is f(x); its prediction is that of what it reads one step later, ``C f(A f(x))``; its
    error is that of the prediction one step before, ``z - C f(p)``.

    Parameters
    ----------
    activation : {"tanh", "identity"}
        f.
    iterations : int
        How often it relaxes in a step.
    relaxation : float in (0, 2)
        Length of the relaxation, as a part of what is safe for a linear f.
    prior : float, above 0
        Precision of the forecast of the state.
    recurrent_scaling : float, at least 0
        Largest singular value of the first A.
    rate, fading, attention
        How the cells learn; see `nodes.rules.TemporalCoding`.

    References
    ----------
    .. [1] B. Millidge, M. Tang, M. Osanlouy, N. S. Harper, R. Bogacz, PLoS Comput. Biol. 20 (2024)
       e1011183.
    """

    class Params(NamedTuple):
        """What the cells read, and their weights."""

        reads: Array  # (cells, fan_in) int, places on the bus
        A: Array  # (cells, dim, dim)
        C: Array  # (cells, fan_in, dim)
        pi: Array  # (cells, fan_in)

    class State(NamedTuple):
        """The hidden state now and one step before, and what was read now."""

        x: Array  # (cells, dim)
        before: Array  # (cells, dim)
        z: Array  # (cells, fan_in)

    kind: Literal["predictive_coding"] = "predictive_coding"
    dim: PositiveInt = 4
    fan_in: PositiveInt = 6
    activation: Literal["tanh", "identity"] = "tanh"
    iterations: NonNegativeInt = 3
    relaxation: float = Field(0.5, gt=0, lt=2)
    prior: PositiveFloat = 0.7
    recurrent_scaling: NonNegativeFloat = 0.5
    rate: PositiveFloat = 0.005
    fading: Fraction = 0.01
    attention: bool = True

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return {} if self.attention else {"fading": "attention is False"}

    @property
    def local_rule(self) -> TemporalCoding:
        """The rule that the cells learn by."""
        fields = "rate", "attention", "activation", *(("fading",) if self.attention else ())
        return TemporalCoding(**{name: getattr(self, name) for name in fields})

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""
        self.check_wired(n_in)
        reads = self.wiring(rng, n_in)
        A = rng.standard_normal((self.cells, self.dim, self.dim))
        A *= self.recurrent_scaling / np.linalg.norm(A, 2, axis=(1, 2))[:, None, None]
        C = rng.standard_normal((self.cells, self.fan_in, self.dim)) / np.sqrt(self.dim)
        return self.Params(reads, A, C, np.ones(reads.shape))

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        zeros = np.zeros((self.cells, self.dim))
        return self.State(zeros, zeros.copy(), np.zeros((self.cells, self.fan_in)))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        f = partial(activate, self.activation)
        z = np.concatenate([x, f(state.x).reshape(-1)])[params.reads]
        p = _times(params.A, f(state.x))
        bound = self.prior + total(params.pi * total(params.C**2, axis=2), axis=1)
        rate = (self.relaxation / bound)[:, None]

        def nearer(v: Array) -> Any:
            fv = f(v)
            push = einsum("cki,ck->ci", params.C, params.pi * (z - _times(params.C, fv)))
            slope = 1 - fv * fv if self.activation == "tanh" else 1
            return v + rate * (slope * push - self.prior * (v - p))

        hidden = repeat(self.iterations, nearer, p)
        ahead = _times(params.C, f(_times(params.A, f(hidden))))
        y = self.given_out(f(hidden), ahead, z - _times(params.C, f(p)))
        return self.State(hidden, state.x, z), y


def _times(matrices: Array, vectors: Array) -> Any:
    return einsum("cij,cj->ci", matrices, vectors)
