"""A recurrent cell that learns to foresee its own input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction
from nodegraph.maths import matvec, tanh
from nodegraph.node import Node
from nodes.parts.cell_rule import CellRule
from nodes.parts.weights import recurrent
from nodes.rules.eprop import EProp

__all__ = ["PredictiveCell"]


class PredictiveCell(Node):
    """Leaky recurrent units whose weights learn from the error of their own forecast.

    ``h[t] = (1 - a) h[t-1] + a tanh(W h[t-1] + W_in x[t] + bias)`` as in a reservoir, and a head
    that says what comes next: ``x[t+1] ~ V h[t] + offset``. All of it learns by `nodes.rules.EProp`
    from ``e[t] = x[t] - V h[t-1] - offset``, forward in time: a step costs a few passes over the
    weights. Nothing but the input drives the learning: no target, no error of another node.

    The input should have a variance of about 1.

    Parameters
    ----------
    units : int
        Number of units n.
    leak_rate : float in (0, 1]
        a, the share of the new value in each step.
    spectral_radius : float, at least 0
        That of W before it learns.
    input_scaling, bias_scaling : float, at least 0
        W_in is normal with deviation ``input_scaling / sqrt(n_in)``, bias with `bias_scaling`.
    gives : {"state", "prediction", "error"}
        What is given out: h, ``V h + offset``, or e.
    frozen : bool
        Whether W, W_in and bias stay as they are; the head learns all the same.
    feedback, rate, batch, decay, epochs
        How the weights learn; see `nodes.rules.EProp`.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> u = np.sign(np.sin(np.arange(6000) / 2))[:, None]
    >>> cell = PredictiveCell(units=20, gives="error")
    >>> error = ng.Model(cell, seed=1).partial_fit(u)
    >>> bool((error[-500:] ** 2).mean() < 0.6 * (error[:500] ** 2).mean())
    True
    """

    class Params(NamedTuple):
        """The weights; `feedback` stands in for V' where errors are sent back at random."""

        W: Array  # (n, n)
        W_in: Array  # (n, n_in)
        bias: Array  # (n,)
        V: Array  # (n_in, n)
        offset: Array  # (n_in,)
        feedback: Array  # (n, n_in)

    class State(NamedTuple):
        """The activity now and before, and how wrong the last forecast was."""

        h: Array  # (n,)
        before: Array  # (n,)
        error: Array  # (n_in,)

    carried: ClassVar[tuple[str, ...]] = ("h",)
    weights: ClassVar[tuple[str, ...]] = ("W", "W_in", "bias")
    unit_axis: ClassVar[Mapping[str, int]] = {}
    floors: ClassVar[Mapping[str, float]] = {}

    units: PositiveInt
    leak_rate: Fraction = 1.0
    spectral_radius: NonNegativeFloat = 0.9
    input_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    gives: Literal["state", "prediction", "error"] = "state"
    frozen: bool = False
    feedback: Literal["random", "head"] = "random"
    rate: PositiveFloat = 2e-3
    batch: PositiveInt = 10
    decay: NonNegativeFloat = 0.01
    epochs: PositiveInt = 1

    @property
    def rule(self) -> CellRule:
        """The rule that the weights learn by."""
        return EProp(**self.shared(EProp)).of(self)

    @property
    def declared_size(self) -> int | None:
        """The number of units, if they are what is given out."""
        return self.units if self.gives == "state" else None

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights and the memory of the rule will hold."""
        n = self.units
        return {"W": 5 * n * n, "W_in": 5 * n * n_in, "V": 5 * n * n_in}

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights; the head starts at 0."""
        if n_in == 0:
            raise FieldError("a PredictiveCell foresees its input, but nothing is wired to it")
        n, (of_W, of_W_in, of_bias, of_feedback) = self.units, rng.spawn(4)
        W = recurrent(of_W, n, "normal", 1.0, self.spectral_radius)
        return self.Params(
            W=np.array(W if isinstance(W, np.ndarray) else W.toarray(), order="C"),
            W_in=self.input_scaling / np.sqrt(n_in) * of_W_in.standard_normal((n, n_in)),
            bias=self.bias_scaling * of_bias.standard_normal(n),
            V=np.zeros((n_in, n)),
            offset=np.zeros(n_in),
            feedback=of_feedback.standard_normal((n, n_in)) / np.sqrt(n),
        )

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        return self.State(np.zeros(self.units), np.zeros(self.units), np.zeros(n_in))

    def carry(self, state: State) -> list[Array]:
        """Return what is carried from step to step."""
        return [state.h]

    def with_carry(self, state: State, values: Sequence[Any]) -> State:
        """Return the state with another h."""
        return state._replace(h=values[0])

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        return {}

    def relived(self, params: Any, state: State, x: Array, ports: Mapping[str, Array]) -> State:
        """Return the state with h one step later."""
        h, a = state.h, x.dtype.type(self.leak_rate)
        drive = matvec(params.W, h) + matvec(params.W_in, x) + params.bias
        return state._replace(h=(1 - a) * h + a * tanh(drive))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        before = state.h
        error = x - (matvec(params.V, before) + params.offset)
        h = self.relived(params, state, x, {}).h
        after = self.State(h, before.copy(), error)
        if self.gives == "prediction":
            return after, matvec(params.V, h) + params.offset
        return after, (error if self.gives == "error" else h).copy()
