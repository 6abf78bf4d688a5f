"""Units that remember by telling what really came from what could have come."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction, UnitInterval
from nodegraph.maths import einsum, mean, sigmoid, tanh, total
from nodes.forward.cells import CellUnit
from nodes.forward_unit import Emitted
from nodes.rules.memory_goodness import MemoryGoodness, bound_loops

__all__ = ["ForwardForwardUnit"]


class ForwardForwardUnit(CellUnit):
    """Cells with a leaky memory M that find what really comes better than what does not [1]_.

    With z what a cell reads of the bus, ``h = tanh(W [z, M[t-1], 1])`` has the goodness
    ``G = |h|^2``, by which it deems z real with probability ``1 / (1 + e^(threshold - G))``. What
    enters the memory hides how good a large h is, which the next cell could read off:
    ``M = (1 - leak_rate) M + leak_rate h / sqrt(1 + mean(h^2))``. A small h stays small: were all
    made equally large, a faint echo would keep itself alive, and one unusual input could throw
    cells from one state of rest to another for good. W learns by `nodes.rules.MemoryGoodness`,
    from what came and from negatives that the cell makes of its own past; `span` steps of it are
    kept.

    Its state is tanh(M); its prediction, one number for each cell, is the probability that what
    it reads is real; its error is one minus that.

    Parameters
    ----------
    leak_rate : float in (0, 1]
        Weight of the newest step in the memory.
    weight_scaling : float, at least 0
        Spread of the first weights, over the root of their number.
    span : int, at least 3
        How many steps of its own past a cell keeps, to make negatives of.
    negatives : {"past", "shuffled", "mispredicted"}
        What is not real: what came at another time; what came now, at other channels; or what
        would have come if signals went straight on, ``2 z[t-1] - z[t-2]``.
    threshold : float, above 0, optional
        Goodness at which a cell is in doubt; half of `dim` by default.
    loop_gain : float, above 0, optional
        Bound on how much a difference between memories counts in the next step. Below 1 the
        population forgets how it began, whatever it hears and learns; without a bound it may be
        thrown into another state of rest by an input larger than any before.
    rate : float
        See `nodes.rules.MemoryGoodness`.

    References
    ----------
    .. [1] G. Hinton, The forward-forward algorithm, arXiv:2212.13345 (2022).
    """

    class Params(NamedTuple):
        """What the cells read, and their weights."""

        reads: Array  # (cells, fan_in) int, places on the bus
        W: Array  # (cells, dim, fan_in + dim + 1)
        salt: Array  # (cells,) int, by which a cell chooses its negatives

    class State(NamedTuple):
        """The memory now and one step before, and what was read; step t is in row ``t % rows``."""

        M: Array  # (cells, dim)
        before: Array  # (cells, dim)
        past: Array  # (span, cells, fan_in)
        steps: Array  # () int

    kind: Literal["forward_forward"] = "forward_forward"
    dim: PositiveInt = 10
    fan_in: PositiveInt = 12
    input_share: UnitInterval = 0.1
    leak_rate: Fraction = 0.3
    weight_scaling: NonNegativeFloat = 0.8
    span: int = Field(50, ge=3)
    negatives: Literal["past", "shuffled", "mispredicted"] = "past"
    threshold: PositiveFloat | None = None
    loop_gain: PositiveFloat | None = None
    rate: PositiveFloat = 0.015

    @property
    def local_rule(self) -> MemoryGoodness:
        """The rule that the cells learn by."""
        fields = {name: getattr(self, name) for name in ("rate", "negatives", "loop_gain")}
        return MemoryGoodness(threshold=self.doubt, **fields)

    @property
    def doubt(self) -> float:
        """The threshold of goodness."""
        return self.dim / 2 if self.threshold is None else self.threshold

    def widths(self) -> dict[Emitted, int]:
        """Return how many signals there are of each sort that can be given out."""
        return {"state": self.units, "prediction": self.cells, "error": self.cells}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""
        self.check_wired(n_in)
        shape = self.cells, self.dim, self.fan_in + self.dim + 1
        W = self.weight_scaling / np.sqrt(shape[2]) * rng.standard_normal(shape)
        reads = self.wiring(rng, n_in)
        if self.loop_gain is not None:
            W = bound_loops(W, reads, n_in, self.loop_gain)
        return self.Params(reads, W, rng.integers(0, 2**31, self.cells))

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        zeros = np.zeros((self.cells, self.dim))
        past = np.zeros((self.span, self.cells, self.fan_in))
        return self.State(zeros, zeros.copy(), past, np.zeros((), np.int64))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        z = np.concatenate([x, tanh(state.M).reshape(-1)])[params.reads]
        past, now = state.past.copy(), state.steps
        past[now % self.span] = z
        seen = np.concatenate([z, state.M, np.ones_like(z[:, :1])], axis=1)
        h = tanh(einsum("cij,cj->ci", params.W, seen))
        size = np.sqrt(1 + mean(h**2, axis=1, keepdims=True))
        M = (1 - self.leak_rate) * state.M + self.leak_rate * h / size
        M = M.astype(state.M.dtype)
        real = sigmoid(total(h**2, axis=1) - self.doubt)
        y = self.given_out(tanh(M), real, 1 - real)
        return self.State(M, state.M, past, now + 1), y.astype(x.dtype)
