"""A pool of leaky neurons with fixed random recurrent weights."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction, Matrix, PerUnit, PerUnitFraction
from nodegraph.maths import activate, matvec
from nodegraph.node import Node
from nodegraph.rule import AnyRule
from nodes.parts.activations import ActivationName
from nodes.parts.random_layer import RandomLayer
from nodes.parts.slopes import along

__all__ = ["FEEDBACK", "Reservoir", "ReservoirFields"]

FEEDBACK = ("W_fb", "feedback_scaling", "feedback_connectivity")


class ReservoirFields(RandomLayer):
    """The hyper-parameters of a reservoir; see `Reservoir`."""

    leak_rate: PerUnitFraction = 1.0
    feedback_scaling: PerUnit = 1.0
    feedback_connectivity: Fraction = 1.0
    noise: NonNegativeFloat = 0.0
    activation: ActivationName = "tanh"
    W_fb: Matrix | None = None
    rule: AnyRule | None = None

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.W_fb is None:
            reasons.pop("input_distribution", None)  # W_fb may be drawn
        return reasons

    @model_validator(mode="after")
    def _one_leak_for_each_unit(self) -> ReservoirFields:
        self.require_per_unit("leak_rate")
        return self


class Reservoir(ReservoirFields, Node):
    """Leaky-integrator echo state reservoir [1]_.

    ``x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + W_fb y[t-1] + bias + noise)``;
    it gives out ``x[t]``. What is wired to its port ``feedback`` is y.

    Each matrix is drawn from a stream of its own, so that feedback or another number of inputs
    leaves the other weights as they are.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    leak_rate : float in (0, 1], or one for each unit
        a, the share of the new value in each step; 1 forgets the old state at once.
    spectral_radius : float, at least 0
        Largest absolute eigenvalue of W; below 1 the state usually forgets its start. For a line,
        which has no eigenvalue but 0, its weight. A W that is given is scaled to it where both
        are given.
    input_scaling : float, or one for each input
        Factor of the input weights.
    bias_scaling : float, at least 0
        Factor of the biases; 0 for none.
    feedback_scaling : float, or one for each signal that is fed back
        Factor of the feedback weights.
    connectivity : float in (0, 1]
        Share of the units that each unit hears.
    input_connectivity, feedback_connectivity : float in (0, 1]
        Share of the inputs, or of the signals fed back, that each unit hears; at least one.
    noise : float, at least 0
        Standard deviation of normal noise inside f, while the model learns.
    activation : str
        f, a name in `nodes.parts.activations`.
    topology : str
        Distribution of recurrent weights at random places ("normal", "uniform", "bernoulli"), or
        where they are ("block", "small_world", "orthogonal", "permutation", "ring", "line"); see
        `nodes.parts.weights.recurrent`.
    input_distribution : {"uniform", "normal", "bernoulli"}
        What W_in, W_fb and bias are drawn from: [-1, 1), N(0, 1) or {-1, 1}.
    start : "zeros", "random" or array (n,)
        The state before the first step of every series; random numbers are even in [-1, 1) and
        the same each time. It is honoured by all methods: `fit` and lists start from it.
    W, W_in, W_fb, bias : array, optional
        Weights of shape (n, n), (n, n_in), (n, n_fb) and (n,), dense or sparse. They are used as
        they stand, but for W beside a `spectral_radius`; fields that say how they are drawn are
        refused beside them.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.
    rule : Rule, optional
        Local rule that adapts the weights.

    Raises
    ------
    FieldError
        If a given matrix has another shape, or drawn weights cannot have the spectral radius.

    References
    ----------
    .. [1] H. Jaeger, M. Lukosevicius, D. Popovici, U. Siewert, Neural Networks 20 (2007) 335-352.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> reservoir = Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity")
    >>> ng.Model(reservoir).run([[1.0], [0.0], [0.0]])[:, 0]
    array([1.  , 0.5 , 0.25])
    """

    class Params(NamedTuple):
        """The weights; W and others may be sparse."""

        W_in: Any  # (n, n_in)
        W: Any  # (n, n)
        W_fb: Any  # (n, n_fb)
        bias: Array  # (n,)

    class State(NamedTuple):
        """The activity of the units."""

        x: Array  # (n,)

    @cached_property
    def leak(self) -> Array:
        """The leak rate of each unit, or one for all as an array without axes."""
        leak: Array = frozen_array(self.leak_rate)
        return leak

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, feedback: int = 0) -> Params:
        """Return the weights, drawn or given."""
        of_W, of_W_in, of_W_fb, of_bias = rng.spawn(4)
        return self.Params(
            W_in=self.draw_input(of_W_in, n_out, n_in),
            W=self.draw_recurrent(of_W, n_out, n_in),
            W_fb=self._draw_feedback(of_W_fb, n_out, feedback),
            bias=self.draw_bias(of_bias, n_out),
        )

    def _draw_feedback(self, rng: np.random.Generator, n_out: int, feedback: int) -> Any:
        if feedback:
            shape, share = (n_out, feedback), self.feedback_connectivity
            return self.draw_matrix(rng, "W_fb", shape, share, "feedback_scaling")
        if odd := [
            n for n in FEEDBACK if n in self.model_fields_set and getattr(self, n) is not None
        ]:
            raise FieldError(
                f"{' and '.join(odd)} given, but nothing is fed back; write reservoir << readout, "
                f"or leave {' and '.join(odd)} out"
            )
        why = super(ReservoirFields, self).idle().get("input_distribution")
        if why and "input_distribution" in self.model_fields_set:
            raise FieldError(f"input_distribution would have no effect, for {why}: leave it out")
        return np.zeros((n_out, 0))

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the state before the first step: zeros, given or drawn."""
        return self.State(self.begun(n_out, rng))

    def step(
        self,
        params: Params,
        state: State,
        x: Array,
        feedback: Array | None = None,
        noise: Array | None = None,
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        drive = matvec(params.W, state.x) + matvec(params.W_in, x) + params.bias
        if feedback is not None:
            drive = drive + matvec(params.W_fb, feedback)
        if noise is not None:
            drive = drive + noise
        leak = self.leak.astype(state.x.dtype)
        new = (1 - leak) * state.x + leak * activate(self.activation, drive)
        return self.State(new), new.copy()

    def tangent(
        self, params: Params, state: State, inputs: Any, d_state: State, d_inputs: Any
    ) -> tuple[State, Array]:
        """Return ``dx' = (1 - a) dx + a f'(drive) (W dx + W_in du + W_fb dy)``, and it again.

        See `nodegraph.graph.protocols.Differentiable`.
        """
        drive = params.W @ state.x + params.W_in @ inputs["x"] + params.bias
        d_drive = params.W @ d_state.x + params.W_in @ d_inputs["x"]
        if "feedback" in inputs:
            drive = drive + params.W_fb @ inputs["feedback"]
            d_drive = d_drive + params.W_fb @ d_inputs["feedback"]
        leak = np.broadcast_to(self.leak, drive.shape)[:, None]
        moved = (1 - leak) * d_state.x + leak * along(self.activation, drive, d_drive)
        return self.State(moved), moved

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return normal noise with the standard deviation `noise`, or None if that is 0."""
        if self.noise == 0:
            return None
        return self.noise * rng.standard_normal((n_steps, n_out))
