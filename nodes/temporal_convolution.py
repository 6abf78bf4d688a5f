"""Layers that look back at growing distances."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.data.symptoms import is_still, raw_input
from nodegraph.errors import FieldError
from nodegraph.maths import activate, matvec
from nodegraph.node import Node
from nodes.parts.emitted import Emitted, in_order
from nodes.rules.layerwise_forecast import LayerwiseForecast, looked_at

__all__ = ["TemporalConvolution"]


class TemporalConvolution(Node):
    """Dilated causal convolutions, one upon the other [1]_: a memory that ends, and knows when.

    Layer l looks at `kernel` steps of the layer below, ``d = 2^l`` apart::

        h_0[t] = f(sum_j W_in_j x[t - j] + bias_0)
        h_l[t] = f(sum_j W_lj h_(l-1)[t - j d] + bias_l)

    so that what it gives out depends on the last ``1 + (kernel - 1)(2^layers - 1)`` inputs and on
    nothing before. Each layer learns by itself to foresee the next input, see
    `nodes.rules.LayerwiseForecast`; what it is told stops at that layer.

    Parameters
    ----------
    units : int
        Channels of each layer.
    kernel : int
        How many steps of the layer below a layer looks at.
    layers : int
        Number of layers.
    activation : {"tanh", "relu", "identity"}
        f.
    input_scaling, hidden_scaling, bias_scaling : float, at least 0
        Weights are normal with deviation of the scaling over the root of their number in a row;
        biases have deviation `bias_scaling`.
    emits : {"top", "layers"} or a tuple of them
        What is given out: the last layer, or all from the first on.
    rule : LayerwiseForecast or None
        How the layers learn.
    frozen : bool
        Whether only the heads learn.

    References
    ----------
    .. [1] S. Bai, J. Z. Kolter, V. Koltun, arXiv:1803.01271 (2018).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> pulse = np.eye(1, 20).T
    >>> heard = ng.Model(TemporalConvolution(units=4, kernel=3, layers=2), seed=1).run(pulse)
    >>> int((heard != 0).any(axis=1).sum())
    7
    """

    class Params(NamedTuple):
        """Weights, newest step first in a row, and the heads."""

        W_in: Array  # (units, kernel n_in)
        W: Array  # (layers - 1, units, kernel units)
        bias: Array  # (layers, units)
        V: Array  # (layers, n_in, units)
        offset: Array  # (layers, n_in)

    class State(NamedTuple):
        """What each layer hears, in rings, and what it made last."""

        heard: tuple[Array, ...]  # (span, width) of each layer, step t in row t % span
        h: Array  # (layers, units)
        steps: Array  # () int

    units: PositiveInt = 32
    kernel: PositiveInt = 3
    layers: PositiveInt = 4
    activation: Literal["tanh", "relu", "identity"] = "tanh"
    input_scaling: NonNegativeFloat = 1.0
    hidden_scaling: NonNegativeFloat = 1.0
    bias_scaling: NonNegativeFloat = 0.0
    emits: Emitted = ("top",)
    rule: LayerwiseForecast | None = LayerwiseForecast()
    frozen: bool = False

    _emits = in_order("top", "layers")

    @property
    def receptive_field(self) -> int:
        """How many inputs matter for an output."""
        return 1 + (self.kernel - 1) * ((1 << self.layers) - 1)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = {} if self.layers > 1 else {"hidden_scaling": "layers is 1"}
        return reasons | ({"frozen": "rule is None"} if self.rule is None else {})

    @property
    def declared_size(self) -> int:
        """The number of signals given out."""
        return sum(self.units * (1 if name == "top" else self.layers) for name in self.emits)

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers the weights will hold."""
        rows, inner = self.units * self.kernel, (self.layers - 1) * self.units
        return {"W_in": rows * n_in, "W": rows * inner, "heard": 2**self.layers * rows}

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that the input is not of mean 0 and variance 1, or that nothing moves."""
        still = "nothing that it gives out moves" * is_still(x, y)
        return [words for words in (raw_input(x, faint=1e-3), still) if words]

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights; the heads start at 0."""
        if n_in == 0:
            raise FieldError("a TemporalConvolution looks at its input, but nothing is wired to it")
        u, k, inner = self.units, self.kernel, (self.layers - 1, self.units)
        of_W_in, of_W, of_bias = rng.spawn(3)
        heads = 0 if self.rule is None else self.layers
        return self.Params(
            W_in=self.input_scaling / np.sqrt(k * n_in) * of_W_in.standard_normal((u, k * n_in)),
            W=self.hidden_scaling / np.sqrt(k * u) * of_W.standard_normal((*inner, k * u)),
            bias=self.bias_scaling * of_bias.standard_normal((self.layers, u)),
            V=np.zeros((heads, n_in, u)),
            offset=np.zeros((heads, n_in)),
        )

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        spans = [1 + (self.kernel - 1) * 2**layer for layer in range(self.layers)]
        widths = [n_in] + [self.units] * (self.layers - 1)
        rings = tuple(np.zeros(shape) for shape in zip(spans, widths, strict=True))
        return self.State(rings, np.zeros((self.layers, self.units)), np.zeros((), np.int64))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        heard, made, h = [], [], x
        for layer, ring in enumerate(state.heard):
            ring = ring.copy()
            ring[state.steps % len(ring)] = h
            W = params.W_in if layer == 0 else params.W[layer - 1]
            seen = looked_at(ring, state.steps, self.kernel, layer)
            h = activate(self.activation, matvec(W, seen) + params.bias[layer])
            heard.append(ring)
            made.append(h)
        after = self.State(tuple(heard), np.stack(made), state.steps + 1)
        shown = {"top": h, "layers": np.concatenate(made)}
        return after, np.concatenate([shown[name] for name in self.emits])
