"""Units that attend to their own recent past."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import einsum, tanh
from nodes.forward.cells import CellUnit
from nodes.rules.attentive_prediction import AttentivePrediction, attend

__all__ = ["AttentionUnit"]


class AttentionUnit(CellUnit):
    """Cells that look for what matters now in what they read in the last steps.

    With B_j what a cell read j steps ago, ``z = B_0``, and the attention
    ``a = softmax((Q z) . (K B_j) / sqrt(keys) + b_j)`` over its last `span` steps [1]_::

        c = sum_j a_j B_j
        x = (1 - leak_rate) x + leak_rate tanh(V [c, z] + bias)
        prediction of z[t+1] = P [c, z]

    Steps before the first are zeros, and have their share. Q, K, b and P learn by
    `nodes.rules.AttentivePrediction`; V stays random. The state is x; the error is that of the
    prediction one step before, as the weights would make it now.

    Parameters
    ----------
    leak_rate : float in (0, 1]
        Weight of the newest step in the state.
    span : int
        How many steps a cell can attend to, the present one included.
    keys : int
        Length of queries and keys.
    weight_scaling : float, at least 0
        Spread of V, over the root of the number of its columns; that of bias is a tenth.
    query_scaling : float, at least 0
        Spread of the first Q and K, over the root of the number of their columns.
    rate : float
        How the cells learn; see `nodes.rules.AttentivePrediction`.

    References
    ----------
    .. [1] A. Vaswani et al., Adv. Neural Inf. Process. Syst. 30 (2017) 5998-6008.
    """

    class Params(NamedTuple):
        """What the cells read, and their weights."""

        reads: Array  # (cells, fan_in) int, places on the bus
        Q: Array  # (cells, keys, fan_in)
        K: Array  # (cells, keys, fan_in)
        b: Array  # (cells, span)
        P: Array  # (cells, fan_in, 2 fan_in)
        V: Array  # (cells, dim, 2 fan_in)
        bias: Array  # (cells, dim)

    class State(NamedTuple):
        """The state, and what was read in the last steps; step t is in row ``t % rows``."""

        x: Array  # (cells, dim)
        past: Array  # (span + 1, cells, fan_in)
        steps: Array  # () int

    kind: Literal["attention"] = "attention"
    leak_rate: Fraction = 0.2
    span: PositiveInt = 5
    keys: PositiveInt = 4
    weight_scaling: NonNegativeFloat = 0.6
    query_scaling: NonNegativeFloat = 2.0
    rate: PositiveFloat = 0.04

    @property
    def local_rule(self) -> AttentivePrediction:
        """The rule that the cells learn by."""
        return AttentivePrediction(rate=self.rate)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""
        self.check_wired(n_in)
        m, cells = self.fan_in, self.cells
        queries = self.query_scaling / np.sqrt(m) * rng.standard_normal((2, cells, self.keys, m))
        V = self.weight_scaling / np.sqrt(2 * m) * rng.standard_normal((cells, self.dim, 2 * m))
        return self.Params(
            reads=self.wiring(rng, n_in),
            Q=queries[0],
            K=queries[1],
            b=np.zeros((cells, self.span)),
            P=np.zeros((cells, m, 2 * m)),
            V=V,
            bias=0.1 * rng.standard_normal((cells, self.dim)),
        )

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        past = np.zeros((self.span + 1, self.cells, self.fan_in))
        return self.State(np.zeros((self.cells, self.dim)), past, np.zeros((), np.int64))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        z = np.concatenate([x, state.x.reshape(-1)])[params.reads]
        past, now = state.past.copy(), state.steps
        past[now % len(past)] = z
        before, after = (attend(params, past, t)[0] for t in (now - 1, now))
        drive = einsum("cij,cj->ci", params.V, after) + params.bias
        hidden = (1 - self.leak_rate) * state.x + self.leak_rate * tanh(drive)
        hidden = hidden.astype(state.x.dtype)
        ahead, told = (einsum("cij,cj->ci", params.P, v) for v in (after, before))
        y = self.given_out(hidden, ahead, z - told)
        return self.State(hidden, past, now + 1), y.astype(x.dtype)
