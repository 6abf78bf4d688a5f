"""A layer of units without memory, whose weights can learn by a local rule."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt, model_validator

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Matrix, Vector
from nodegraph.graph.protocols import Wary
from nodegraph.maths import activate, matvec, total
from nodegraph.node import Node
from nodegraph.rule import AnyRule
from nodes.parts.activations import ActivationName
from nodes.parts.layer_doubts import saturation
from nodes.parts.random_layer import require_shape

__all__ = ["Dense", "normalised"]

SILENCE = 1e-12  # mean square of an input far below which normalising leaves it near 0


class Dense(Node):
    """``y = f(W_in z + bias)`` with ``z = x``, or ``z = x / sqrt(mean(x^2) + 1e-12)``.

    Normalising hides from a layer how strongly the one before it answers, and leaves it only in
    which direction; layers that learn by goodness need it [1]_.

    Without a rule it is a layer of random features.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str
        f, a name in `nodes.parts.activations`.
    normalise : bool
        Whether the input is scaled to a mean square of 1.
    input_scaling : float, at least 0
        The weights are normal with the standard deviation ``input_scaling / sqrt(n_in)``.
    bias_scaling : float, at least 0
        Standard deviation of the biases.
    W_in, bias : array, optional
        Weights of shape (units, n_in) and (units,) to start from, used as they stand.
    rule : Rule, optional
        Local rule that adapts the weights.

    References
    ----------
    .. [1] G. Hinton, The forward-forward algorithm, arXiv:2212.13345 (2022).

    Examples
    --------
    >>> import nodegraph as ng
    >>> layer = Dense(units=1, W_in=[[1.0, 1.0]], activation="relu", normalise=True)
    >>> ng.Model(layer).run([[300.0, 400.0]]).round(3)
    array([[1.98]])
    """

    class Params(NamedTuple):
        """The weights."""

        W_in: Array  # (n, n_in)
        bias: Array  # (n,)

    units: PositiveInt
    activation: ActivationName = "tanh"
    normalise: bool = False
    input_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    W_in: Matrix | None = None
    bias: Vector | None = None
    rule: AnyRule | None = None

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        pairs = {"W_in": "input_scaling", "bias": "bias_scaling"}
        return {
            scaling: f"{array} is given"
            for array, scaling in pairs.items()
            if getattr(self, array) is not None
        }

    @model_validator(mode="after")
    def _sizes_agree(self) -> Dense:
        require_shape("bias", self.bias, (self.units,), ValueError)
        return self

    @property
    def ready(self) -> bool:
        """Random features may run before they have learned."""
        return True

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        return {"W_in": n_out * n_in * (1 if self.rule is None else 4)}

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_W_in, of_bias = rng.spawn(2)
        require_shape("W_in", self.W_in, (n_out, n_in), FieldError)
        W_in = self.W_in
        if W_in is None:
            spread = self.input_scaling / np.sqrt(max(1, n_in))
            W_in = spread * of_W_in.standard_normal((n_out, n_in))
        bias = self.bias
        if bias is None:
            bias = self.bias_scaling * of_bias.standard_normal(n_out)
        dense = W_in if isinstance(W_in, np.ndarray) else W_in.toarray()
        return self.Params(np.array(dense, order="C"), np.array(bias))

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that random features are saturated, or what a rule says of the input."""
        if self.rule is not None:
            return self.rule.doubts(x) if isinstance(self.rule, Wary) else []
        doubt = saturation(self, x, y, params)
        return [doubt] if doubt else []

    def step(self, params: Params, state: Any, x: Array) -> tuple[Any, Array]:
        """Return ``(state, f(W_in z + bias))``."""
        z = normalised(x) if self.normalise else x
        return state, activate(self.activation, matvec(params.W_in, z) + params.bias)


def normalised(x: Array) -> Array:
    """Return `x` with a mean square of 1, or nearly 0 where it is silent.

    Examples
    --------
    >>> normalised(np.array([30.0, 40.0])).round(3)
    array([0.849, 1.131])
    """
    mean = total(x * x, axis=-1, keepdims=True) / max(1, x.shape[-1])
    z: Array = x / np.sqrt(mean + x.dtype.type(SILENCE))
    return z
