"""A pool of leaky neurons with fixed random recurrent weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, model_validator

from nodegraph.arrays import Array, frozen_array, is_sparse
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction, Matrix, PerUnit, PerUnitFraction
from nodegraph.node import Node, Prepared, StepCode, one_by_one
from nodegraph.rule import AnyRule
from nodes.activations import ACTIVATIONS, CODES, ActivationName
from nodes.random_layer import RandomLayer, product

__all__ = ["FEEDBACK", "Reservoir", "ReservoirFields"]

FEEDBACK = ("W_fb", "feedback_scaling", "feedback_connectivity")
WIDE = 64  # inputs up to which sparse input weights are better off as dense ones


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
        found = super().idle()
        if self.W_fb is None:
            found.pop("input_distribution", None)  # W_fb may be drawn
        return found

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
        f, a name in `nodes.activations`.
    topology : str
        Distribution of recurrent weights at random places ("normal", "uniform", "bernoulli"), or
        where they are ("block", "small_world", "orthogonal", "permutation", "ring", "line"); see
        `nodes.weights.recurrent`.
    input_distribution : {"uniform", "normal", "bernoulli"}
        What W_in, W_fb and bias are drawn from: [-1, 1), N(0, 1) or {-1, 1}.
    start : "zeros", "random" or array (n,)
        The state before the first step of every series; random numbers are even in [-1, 1) and
        the same each time. It is honoured by all methods: `fit` and lists start from it.
    W, W_in, W_fb, bias : array, optional
        Weights of shape (n, n), (n, n_in), (n, n_fb) and (n,), dense or sparse. They are used as
        they stand, but for W beside a `spectral_radius`; fields that say how they are drawn are
        refused beside them.
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
            W=self.draw_recurrent(of_W, n_out),
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
        drive = product(params.W, state.x) + product(params.W_in, x) + params.bias
        if feedback is not None:
            drive = drive + product(params.W_fb, feedback)
        if noise is not None:
            drive = drive + noise
        leak = self.leak.astype(state.x.dtype)
        new = (1 - leak) * state.x + leak * ACTIVATIONS[self.activation](drive)
        return self.State(new), new.copy()

    def run(self, params: Params, state: State, xs: Array, **ports: Array) -> tuple[State, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps, in one compiled loop."""
        return self.prepared(params).run(state, xs, **ports)

    def run_many(
        self, params: Params, states: Sequence[Any], xs: Sequence[Array], **ports: Sequence[Array]
    ) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)`` of many series, side by side in one compiled loop."""
        return self.prepared(params).run_many(states, xs, **ports)

    def prepared(self, params: Params) -> Prepared:
        """Return the node with the weights in the order that compiled loops want."""
        return _Prepared(self, params)

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return normal noise with the standard deviation `noise`, or None if that is 0."""
        if self.noise == 0:
            return None
        return self.noise * rng.standard_normal((n_steps, n_out))


class _Prepared(Prepared):
    """A reservoir whose weights are laid out for compiled loops."""

    def __init__(self, node: Reservoir, params: Any):
        from nodes.kernels import Weights

        super().__init__(node, params)
        W_in, W_fb, bias = params.W_in, params.W_fb, params.bias
        self.shared = node.activation == "softmax"  # lanes would mix series
        self.apart = is_sparse(W_in) and W_in.shape[1] > WIDE
        if self.apart:
            W_in = np.empty((len(bias), 0), bias.dtype)
        self.weights = Weights(
            params.W,
            W_in.toarray() if is_sparse(W_in) else W_in,
            bias,
            np.broadcast_to(node.leak, len(bias)).astype(bias.dtype),
            CODES[node.activation],
            W_fb.toarray() if is_sparse(W_fb) else W_fb,
        )

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        noise = ports.get("noise")
        if self.apart:
            xs, noise = self._mixed(xs, noise)
        ys = self.weights.run(xs, state.x, ports.get("feedback"), noise)
        return type(state)(ys[-1].copy()), ys

    def run_many(
        self, states: Sequence[Any], xs: Sequence[Array], **ports: Sequence[Array]
    ) -> tuple[list[Any], list[Array]]:
        from nodes.kernels.reservoirs import FEWEST, run_many

        if len(xs) < FEWEST or self.apart or self.shared:
            return one_by_one(self.run, states, xs, ports)
        start = np.stack([state.x for state in states])
        ys = run_many(self.weights, xs, start, ports.get("feedback"), ports.get("noise"))
        ends = [
            type(s)(y[-1].copy() if len(y) else s.x.copy()) for s, y in zip(states, ys, strict=True)
        ]
        return ends, ys

    def step_code(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> StepCode | None:
        from nodes.kernels.reservoir import reservoir_step

        if self.apart:
            return None
        moving = type(state)(np.array(state.x, dtype))
        return StepCode(reservoir_step(dtype), self.weights.arguments(moving.x), moving)

    def _mixed(self, xs: Array, noise: Array | None) -> tuple[Array, Array]:
        """Return no input, and in place of noise what wide sparse input weights make of `xs`."""
        from nodes.kernels import affine

        drive = affine(xs, self.params.W_in, np.zeros(self.weights.units, xs.dtype))
        return np.empty((len(xs), 0), xs.dtype), drive if noise is None else drive + noise
