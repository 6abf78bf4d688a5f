"""A pool of leaky neurons in continuous time, with random recurrent weights."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.fields import PerUnit
from nodegraph.maths import activate, exp, expm1, matvec, where
from nodegraph.node import DURATION, Limits
from nodegraph.rule import AnyRule
from nodes.parts.activations import ActivationName
from nodes.parts.cell import LearningCell
from nodes.parts.gated_cell import as_dense
from nodes.parts.random_layer import RandomLayer
from nodes.parts.slopes import SLOPES
from nodes.parts.solvers import SOLVERS, duration, unfolded

__all__ = ["CTRNN"]


class CTRNN(LearningCell, RandomLayer):
    """Continuous-time recurrent network [1]_, for samples that are any time apart.

    ``dx/dt = -x / tau + f(W x + W_in u + bias)``; it gives out x after the time that arrives at its
    port ``dt``, 1 if nothing is wired there. With h = dt / unfolds, so many times, one of::

        euler:        x = x + h (-x / tau + f(x))
        rk4:          the classical Runge-Kutta step
        exponential:  x = e^(-h/tau) x + tau (1 - e^(-h/tau)) f(x)

    where f(x) is short for ``f(W x + W_in u + bias)`` and u is held. Euler's step with tau = 1
    is the equation of a `Reservoir` of leak rate dt; with tau = dt = 1 it is that without leak.
    The exponential one stays within tau times the range of f, however long dt is; Euler's step does
    so for h up to tau.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    tau : float above 0, or one for each unit
        Time constants, in the unit of dt.
    solver : {"euler", "rk4", "exponential"}
        How a step is taken.
    unfolds : int
        Steps of the solver in one of the node.
    spectral_radius : float, at least 0
        Largest absolute eigenvalue of W; a W that is given is scaled to it where both are given.
    input_scaling : float, or one for each input
        Factor of the input weights.
    bias_scaling : float, at least 0
        Factor of the biases; 0 for none.
    connectivity, input_connectivity : float in (0, 1]
        Share of the units, and of the inputs, that each unit hears.
    activation : str
        f, a name in `nodes.parts.activations`.
    topology : str
        Where the recurrent weights are; see `nodes.parts.weights.recurrent`.
    input_distribution : {"uniform", "normal", "bernoulli"}
        What W_in and bias are drawn from: [-1, 1), N(0, 1) or {-1, 1}.
    start : "zeros", "random" or array (n,)
        The state before the first step of every series; random numbers are even in [-1, 1) and
        the same each time.
    W, W_in, bias : array, optional
        Weights of shape (n, n), (n, n_in) and (n,), used as they stand.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.
    emits : {"x", "prediction", "error"} or a tuple of them
        What is given out, side by side in this order, whatever the order they are named in; the
        last two of a head.
    rule : Rule, optional
        Local rule that adapts the weights; or one of a cell, by which it learns to foresee its
        input: `nodes.rules.EProp`, `RFLO`, `TBPTT`, or `nodes.rules.BPTT`. Weights are then dense,
        and those that are 0 stay so.
    frozen : bool
        Whether a rule of a cell teaches the head alone.

    Raises
    ------
    DataError
        If a dt is not above 0.

    References
    ----------
    .. [1] K. Funahashi, Y. Nakamura, Neural Networks 6 (1993) 801-806.

    Examples
    --------
    >>> import nodegraph as ng
    >>> node = CTRNN(W=[[0.0]], W_in=[[1.0]], tau=2.0, activation="identity")
    >>> ng.Model(node).run([[1.0], [0.0], [0.0]])[:, 0]
    array([1.  , 0.5 , 0.25])
    """

    class Params(NamedTuple):
        """The weights; W and W_in may be sparse."""

        W_in: Any  # (n, n_in)
        W: Any  # (n, n)
        bias: Array  # (n,)
        V: Array  # of the head, see `nodes.parts.cell.Head`
        offset: Array
        feedback: Array

    class State(NamedTuple):
        """The activity of the units."""

        x: Array  # (n,)
        past: Any = ()  # the last steps, for rules that look back

    carried: ClassVar[tuple[str, ...]] = ("x",)
    shows: ClassVar[tuple[str, ...]] = ("x",)
    weights: ClassVar[tuple[str, ...]] = ("W_in", "W", "bias")
    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    tau: PerUnit = 1.0
    solver: Literal["euler", "rk4", "exponential"] = "euler"
    unfolds: PositiveInt = 1
    activation: ActivationName = "tanh"
    rule: AnyRule | None = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _time_constants_are_above_zero(self) -> CTRNN:
        self.require_per_unit("tau")
        if self.taus.min() <= 0:
            raise ValueError(f"tau: should be greater than 0 (got {self.taus.min()})")
        return self

    @model_validator(mode="after")
    def _activation_has_a_slope(self) -> CTRNN:
        if self.taught is not None and not self.frozen and self.activation not in SLOPES:
            raise ValueError(
                f"activation: {type(self.rule).__name__} knows the derivatives of "
                f"{', '.join(SLOPES)} (got {self.activation})"
            )
        return self

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        return RandomLayer.idle(self) | LearningCell.idle(self)

    @property
    def width(self) -> int:
        """The number of units."""
        return self.neurons or 0

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return what looks wrong: raw input, states that are dead or saturated, a grown W."""
        alone = self.given == self.shows
        return (RandomLayer if alone else LearningCell).doubts(self, x, y, params)

    @property
    def remedy(self) -> str:
        """What to do if its state leaves all bounds: steps of the solver may be too long."""
        usual = super().remedy
        if self.solver == "exponential":
            return usual
        longest = f"2 tau ({2 * self.taus.min():g})"
        return f'keep dt / unfolds below {longest}, or write solver="exponential"; else {usual}'

    def links(self, params: Any) -> dict[str, Array]:
        """Return where there are weights, of params that do not have all."""
        return {name: where(getattr(params, name) == 0, 0.0, 1.0) for name in ("W", "W_in")}

    @cached_property
    def taus(self) -> Array:
        """The time constant of each unit, or one for all as an array without axes."""
        taus: Array = frozen_array(self.tau)
        return taus

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_W, of_W_in, _, of_bias, of_head = rng.spawn(5)  # as a Reservoir does
        n = self.width
        W_in, W = self.draw_input(of_W_in, n, n_in), self.draw_recurrent(of_W, n, n_in)
        if self.taught is not None:
            W_in, W = (np.ascontiguousarray(as_dense(weights)) for weights in (W_in, W))
        head = self.draw_head(of_head, n_in, n_out)
        return self.Params(W_in, W, self.draw_bias(of_bias, n), *head)

    def start(self, n_out: int, n_in: int = 0, rng: np.random.Generator | None = None) -> State:
        """Return the state before the first step: zeros, given or drawn."""
        state: CTRNN.State = self.remembers(self.State(self.begun(self.width, rng)), n_in)
        return state

    def moved(self, params: Params, state: State, x: Array, dt: Array | None = None) -> State:
        """Return the state a time dt later."""
        driven = matvec(params.W_in, x) + params.bias
        tau, h = self.taus.astype(x.dtype), duration(dt, x) / self.unfolds

        def f(v: Array) -> Array:
            activity: Array = activate(self.activation, matvec(params.W, v) + driven)
            return activity

        def later(v: Array) -> Any:
            if self.solver == "exponential":
                return exp(-h / tau) * v - tau * expm1(-h / tau) * f(v)
            return SOLVERS[self.solver](lambda v: f(v) - v / tau, v, h)

        return state._replace(x=unfolded(self.unfolds, later, state.x))
