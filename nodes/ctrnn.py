"""A pool of leaky neurons in continuous time, with fixed random recurrent weights."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.fields import PerUnit
from nodegraph.maths import activate, exp, expm1, matvec
from nodegraph.node import DURATION, Limits, Node
from nodegraph.rule import AnyRule
from nodes.parts.activations import ActivationName
from nodes.parts.random_layer import RandomLayer
from nodes.parts.solvers import SOLVERS, duration, unfolded

__all__ = ["CTRNN"]


class CTRNN(RandomLayer, Node):
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
        Largest absolute eigenvalue of W, also of one that is given.
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
    rule : Rule, optional
        Local rule that adapts the weights.

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

    class State(NamedTuple):
        """The activity of the units."""

        x: Array  # (n,)

    limits: ClassVar[dict[str, Limits]] = {"dt": DURATION}

    tau: PerUnit = 1.0
    solver: Literal["euler", "rk4", "exponential"] = "euler"
    unfolds: PositiveInt = 1
    activation: ActivationName = "tanh"
    rule: AnyRule | None = None

    @model_validator(mode="after")
    def _time_constants_are_above_zero(self) -> CTRNN:
        self.require_per_unit("tau")
        if self.taus.min() <= 0:
            raise ValueError(f"tau: should be greater than 0 (got {self.taus.min()})")
        return self

    @cached_property
    def taus(self) -> Array:
        """The time constant of each unit, or one for all as an array without axes."""
        taus: Array = frozen_array(self.tau)
        return taus

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_W, of_W_in, _, of_bias = rng.spawn(4)  # as a Reservoir does
        return self.Params(
            W_in=self.draw_input(of_W_in, n_out, n_in),
            W=self.draw_recurrent(of_W, n_out, n_in),
            bias=self.draw_bias(of_bias, n_out),
        )

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the state before the first step: zeros, given or drawn."""
        return self.State(self.begun(n_out, rng))

    def step(
        self, params: Params, state: State, x: Array, dt: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` a time dt later."""
        driven = matvec(params.W_in, x) + params.bias
        tau, h = self.taus.astype(x.dtype), duration(dt, x) / self.unfolds

        def f(v: Array) -> Array:
            activity: Array = activate(self.activation, matvec(params.W, v) + driven)
            return activity

        def moved(v: Array) -> Any:
            if self.solver == "exponential":
                return exp(-h / tau) * v - tau * expm1(-h / tau) * f(v)
            return SOLVERS[self.solver](lambda v: f(v) - v / tau, v, h)

        new = unfolded(self.unfolds, moved, state.x)
        return self.State(new), new.copy()
