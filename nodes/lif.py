"""A pool of spiking neurons."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import PositiveFloat, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.fields import PerUnit
from nodegraph.maths import matvec
from nodegraph.node import Node
from nodes.parts.random_layer import RandomLayer

__all__ = ["LIF"]


class LIF(RandomLayer, Node):
    """Leaky integrate-and-fire reservoir [1]_; it gives out spikes, 0 or 1.

    ``v[t] = (1 - a) v[t-1] + W s[t-1] + W_in u[t] + bias`` and ``s[t] = v[t] >= threshold``; then
    v is reset where there was a spike.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    leak_rate : float in [0, 1], or one for each unit
        a, the share of the potential that leaks away in each step; 0 for a perfect integrator.
    threshold : float, above 0
        Potential at which a unit fires.
    reset : {"zero", "subtract"}
        Whether a unit that fires goes back to 0, or keeps what is above the threshold.
    spectral_radius : float, at least 0
        Largest absolute eigenvalue of W, also of one that is given.
    input_scaling : float, or one for each input
        Factor of the input weights.
    bias_scaling : float, at least 0
        Factor of the biases; 0 for none.
    connectivity, input_connectivity : float in (0, 1]
        Share of the units, and of the inputs, that each unit hears.
    topology : str
        Where the recurrent weights are; see `nodes.parts.weights.recurrent`.
    input_distribution : {"uniform", "normal", "bernoulli"}
        What W_in and bias are drawn from: [-1, 1), N(0, 1) or {-1, 1}.
    start : "zeros", "random" or array (n,)
        The potentials before the first step of every series; random numbers are even in [-1, 1) and
        the same each time. It is honoured by all methods: `fit` and lists start from it.
    W, W_in, bias : array, optional
        Weights of shape (n, n), (n, n_in) and (n,), used as they stand.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.

    References
    ----------
    .. [1] W. Maass, T. Natschlaeger, H. Markram, Neural Computation 14 (2002) 2531-2560.

    Examples
    --------
    >>> import nodegraph as ng
    >>> node = LIF(W=[[0.0]], W_in=[[1.0]], leak_rate=0.0)
    >>> ng.Model(node).run([[0.25]] * 8)[:, 0]
    array([0., 0., 0., 1., 0., 0., 0., 1.])
    """

    class Params(NamedTuple):
        """The weights; W and W_in may be sparse."""

        W_in: Any  # (n, n_in)
        W: Any  # (n, n)
        bias: Array  # (n,)

    class State(NamedTuple):
        """Potentials after the reset, and the last spikes."""

        v: Array  # (n,)
        spikes: Array  # (n,)

    smooth: ClassVar[bool] = False

    leak_rate: PerUnit = 0.1
    threshold: PositiveFloat = 1.0
    reset: Literal["zero", "subtract"] = "zero"

    @model_validator(mode="after")
    def _leak_is_a_share(self) -> LIF:
        self.require_per_unit("leak_rate")
        if self.leak.max() > 1:
            raise ValueError(f"leak_rate: should be at most 1 (got {self.leak.max()})")
        return self

    @cached_property
    def leak(self) -> Array:
        """The leak rate of each unit, or one for all as an array without axes."""
        leak: Array = frozen_array(self.leak_rate)
        return leak

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that no unit ever fires, or all of them at every step."""
        if y.any() and not y.all():
            return []
        said, other = (
            ("no unit ever fires", "raise") if not y.any() else ("all fire always", "lower")
        )
        threshold = "lower" if other == "raise" else "raise"
        return [
            f"{said}: {other} input_scaling ({self.input_scaling}) or {threshold} threshold "
            f"({self.threshold})"
        ]

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given."""
        of_W, of_W_in, of_bias = rng.spawn(3)
        return self.Params(
            W_in=self.draw_input(of_W_in, n_out, n_in),
            W=self.draw_recurrent(of_W, n_out, n_in),
            bias=self.draw_bias(of_bias, n_out),
        )

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the potentials before the first step, at rest, given or drawn; no spikes."""
        return self.State(self.begun(n_out, rng), np.zeros(n_out))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, spikes)`` one step later."""
        drive = matvec(params.W, state.spikes) + matvec(params.W_in, x) + params.bias
        v = (1 - self.leak.astype(x.dtype)) * state.v + drive
        fired = v >= self.threshold
        after = v - self.threshold if self.reset == "subtract" else np.zeros_like(v)
        spikes = fired.astype(x.dtype)
        return self.State(np.where(fired, after, v), spikes), spikes.copy()
