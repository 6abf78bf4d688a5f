"""A recurrent cell that learns to foresee its own input."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array, is_sparse
from nodegraph.fields import Fraction
from nodegraph.maths import matvec, tanh, where
from nodes.parts.cell import Cell
from nodes.parts.cell_rule import CellRule
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import RandomLayer
from nodes.parts.weights import WITH_CONNECTIVITY, Distribution
from nodes.rules.eprop import EProp

__all__ = ["PredictiveCell"]


class PredictiveCell(Cell, RandomLayer):
    """A reservoir whose weights learn from the error of their own forecast.

    ``h[t] = (1 - a) h[t-1] + a tanh(W h[t-1] + W_in x[t] + bias)`` as in a `Reservoir`, and a head
    that says what comes next: ``x[t+1] ~ V h[t] + offset``. All of it learns by `nodes.rules.EProp`
    from ``e[t] = x[t] - V h[t-1] - offset``, forward in time: a step costs a few passes over the
    weights. Nothing but the input drives the learning: no target, no error of another node.
    Learning adds no weight where few are drawn, or a sparse array or graph has none.

    The input should have a variance of about 1.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W or a wiring is given.
    leak_rate : float in (0, 1]
        a, the share of the new value in each step.
    spectral_radius : float, at least 0
        That of W before it learns.
    input_scaling : float, or one for each input
        Factor of W_in, which is drawn with deviation ``1 / sqrt(n_in)``.
    bias_scaling : float, at least 0
        Factor of the biases; 0 for none.
    connectivity, input_connectivity : float in (0, 1]
        Share of the units, and of the inputs, that each unit hears.
    topology : str
        Where the recurrent weights are; see `nodes.parts.weights.recurrent`.
    input_distribution : {"normal", "uniform", "bernoulli"}
        What W_in and bias are drawn from.
    start : "zeros", "random" or array (n,)
        The state before the first step of every series.
    W, W_in, bias : array, optional
        Weights of shape (n, n), (n, n_in) and (n,), used as they stand; W may be a networkx graph.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.
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
        """The activity of the units."""

        h: Array  # (n,)
        past: Any = ()

    weights: ClassVar[tuple[str, ...]] = ("W", "W_in", "bias")

    leak_rate: Fraction = 1.0
    connectivity: Fraction = 1.0
    input_distribution: Distribution = "normal"
    gives: Literal["state", "prediction", "error"] = "state"
    frozen: bool = False
    feedback: Literal["random", "head"] = "random"
    rate: PositiveFloat = 2e-3
    batch: PositiveInt = 10
    decay: NonNegativeFloat = 0.01
    epochs: PositiveInt = 1

    @property
    def taught(self) -> CellRule:
        """The rule that the weights learn by."""
        return EProp(**self.shared(EProp)).of(self)

    @property
    def rule(self) -> CellRule:
        """The rule that the weights learn by."""
        return self.taught

    @property
    def given(self) -> tuple[str, ...]:
        """What is given out."""
        return ("h",) if self.gives == "state" else (self.gives,)

    @property
    def width(self) -> int:
        """The number of units."""
        return self.neurons or 0

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights and the memory of the rule will hold."""
        n = self.width
        return {"W": 5 * n * n, "W_in": 5 * n * n_in, "V": 5 * n * n_in}

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        names = [name for name in ("W", "W_in") if self._has_gaps(name)]
        return {name: where(getattr(params, name) == 0, 0.0, 1.0) for name in names}

    def _has_gaps(self, name: str) -> bool:
        """Tell whether weights are at some places alone."""
        if (given := getattr(self, name)) is not None:
            return is_sparse(given)
        share = self.connectivity if name == "W" else self.input_connectivity
        shaped = name == "W" and self.topology not in WITH_CONNECTIVITY
        return self.wiring is not None or share < 1 or shaped

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights; the head starts at 0."""
        n, (of_W, of_W_in, of_bias, of_feedback) = self.width, rng.spawn(4)
        head = self.draw_head(of_feedback, n_in, n_out)
        W, W_in = self.draw_recurrent(of_W, n, n_in), self.draw_input(of_W_in, n, n_in)
        if self.W_in is None:
            W_in = W_in / np.sqrt(n_in)
        W, W_in = (np.ascontiguousarray(as_dense(weights)) for weights in (W, W_in))
        return self.Params(W, W_in, self.draw_bias(of_bias, n), *head)

    def start(self, n_out: int, n_in: int = 0, rng: np.random.Generator | None = None) -> State:
        """Return the state before the first step: zeros, given or drawn."""
        return self.State(self.begun(self.width, rng))

    def moved(self, params: Params, state: State, x: Array) -> State:
        """Return the state one step later."""
        h, a = state.h, x.dtype.type(self.leak_rate)
        drive = matvec(params.W, h) + matvec(params.W_in, x) + params.bias
        return state._replace(h=(1 - a) * h + a * tanh(drive))
