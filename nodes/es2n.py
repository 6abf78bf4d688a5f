"""A reservoir at the edge of stability: part of its state is only turned."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import model_validator

from nodegraph.arrays import Array
from nodegraph.fields import Fraction, Matrix
from nodegraph.maths import activate, matvec
from nodegraph.node import Node
from nodes.parts.activations import ActivationName
from nodes.parts.random_layer import RandomLayer, column_major, require_shape
from nodes.parts.slopes import along
from nodes.parts.weights import orthogonal

__all__ = ["ES2N"]


class ES2N(RandomLayer, Node):
    """Edge of stability echo state network [1]_.

    ``x[t] = b f(W x[t-1] + W_in u[t] + bias) + (1 - b) O x[t-1]``, b being ``proximity`` and O
    orthogonal; it gives out ``x[t]``. The nearer b is to 0, the longer it remembers.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    proximity : float in (0, 1]
        b, the share of what f makes; 1 is a `Reservoir` without leak.
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
        the same each time. It is honoured by all methods: `fit` and lists start from it.
    W, O, W_in, bias : array, optional
        Weights of shape (n, n), (n, n), (n, n_in) and (n,), used as they stand. O need not be
        orthogonal, though that is the idea; else it is drawn evenly from the orthogonal group.
    wiring : Wiring, optional
        Who hears whom by W and W_in, and with which sign, as in `nodes.wirings`; weights are drawn
        there. O joins all to all.

    References
    ----------
    .. [1] A. Ceni, C. Gallicchio, IEEE Trans. Neural Networks and Learning Systems 36 (2025)
       7555-7564.

    Examples
    --------
    >>> import nodegraph as ng
    >>> node = ES2N(W=[[0.0]], W_in=[[1.0]], O=[[-1.0]], proximity=0.5, activation="identity")
    >>> ng.Model(node).run([[1.0], [0.0], [0.0]])[:, 0]
    array([ 0.5  , -0.25 ,  0.125])
    """

    class Params(NamedTuple):
        """The weights; all but O and bias may be sparse."""

        W_in: Any  # (n, n_in)
        W: Any  # (n, n)
        O: Any  # (n, n)  # noqa: E741
        bias: Array  # (n,)

    class State(NamedTuple):
        """The activity of the units."""

        x: Array  # (n,)

    proximity: Fraction = 0.5
    activation: ActivationName = "tanh"
    O: Matrix | None = None  # noqa: E741

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        own = {"O": "proximity is 1"} if self.proximity == 1 and self.O is not None else {}
        return {**super().idle(), **own}

    @model_validator(mode="after")
    def _O_is_square(self) -> ES2N:
        n = self.declared_size or 0
        require_shape("O", self.O, (n, n), ValueError)
        return self

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        return {**super().cost(n_in, n_out), "O": n_out * n_out}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_W, of_W_in, of_O, of_bias = rng.spawn(4)
        return self.Params(
            W_in=self.draw_input(of_W_in, n_out, n_in),
            W=self.draw_recurrent(of_W, n_out, n_in),
            O=column_major(orthogonal(of_O, n_out, n_out) if self.O is None else self.O),
            bias=self.draw_bias(of_bias, n_out),
        )

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the state before the first step: zeros, given or drawn."""
        return self.State(self.begun(n_out, rng))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        drive = matvec(params.W, state.x) + matvec(params.W_in, x) + params.bias
        turned = matvec(params.O, state.x)
        b = self.proximity
        new = b * activate(self.activation, drive) + (1 - b) * turned
        return self.State(new), new.copy()

    def tangent(
        self, params: Params, state: State, inputs: Any, d_state: State, d_inputs: Any
    ) -> tuple[State, Array]:
        """Return ``dx' = b f'(drive) (W dx + W_in du) + (1 - b) O dx``, and it again.

        See `nodegraph.graph.protocols.Differentiable`.
        """
        drive = params.W @ state.x + params.W_in @ inputs["x"] + params.bias
        d_drive = params.W @ d_state.x + params.W_in @ d_inputs["x"]
        b = self.proximity
        moved = b * along(self.activation, drive, d_drive) + (1 - b) * (params.O @ d_state.x)
        return self.State(moved), moved
