"""A pool of spiking neurons with a membrane that recovers."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveInt, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.fields import Vector
from nodegraph.maths import arriving, matvec, repeat, where
from nodegraph.node import Node
from nodegraph.rule import AnyRule
from nodes.parts.emitted import Emitted, in_order
from nodes.parts.random_layer import RandomLayer, require_shape

__all__ = ["Izhikevich"]

PEAK = 30.0  # mV, at which a spike is cut off
LOWEST = -3000.0  # mV
FIELDS = ("a", "b", "c", "d")


class Izhikevich(RandomLayer, Node):
    """Izhikevich's simple model of spiking neurons [1]_; it gives out spikes, 0 or 1.

    In a step of 1 ms, v in mV, with ``I = W s[t-1] + W_in u[t] + bias``::

        where v >= 30:  v = c,  u = u + d
        v = v + h (0.04 v^2 + 5 v + 140 - u + I)    `substeps` times, h = 1 / substeps
        u = u + a (b v - u)

    and s[t] = v >= 30. With 2 substeps this is the published script, whose potential runs far past
    30 before it is reset, so that fast neurons are slow. With more, v and u move on together::

        v = v + h (0.04 v^2 + 5 v + 140 - u + I),   u = u + h a (b v - u)    `substeps` times
        where v >= 30:  v = c,  u = u + d           at once; s[t] = 1

    and spikes come when the equations say. The input should be in the script's units, some 5 to 10
    for a neuron that fires: see `input_scaling` and `bias`.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    a, b, c, d : array (n,), or a number
        Recovery: how fast it is, what of v it follows, and the resets of v and of u. The defaults
        are regular spiking; c = -55 and d = 4 burst, a = 0.1 and d = 2 spike fast.
    substeps : int
        Steps of the potential in 1 ms: the script up to 2, its equations with more.
    emits : tuple of {"spikes", "potentials"}
        What is given out, side by side in this order, whatever the order given; potentials are cut
        off at 30, where they are in a step with a spike.
    spectral_radius : float, at least 0
        Largest absolute eigenvalue of W; a W that is given is scaled to it where both are given.
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
        What is added to the potential of rest, -65, before the first step of every series.
    W, W_in, bias : array, optional
        Weights of shape (n, n), (n, n_in) and (n,), used as they stand.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.
    rule : Rule, optional
        Local rule that adapts the weights.

    References
    ----------
    .. [1] E. M. Izhikevich, IEEE Trans. Neural Networks 14 (2003) 1569-1572.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> node = Izhikevich(W=[[0.0]], W_in=[[1.0]])
    >>> int(ng.Model(node).run(np.full((1000, 1), 10.0)).sum())  # spikes in a second
    20
    """

    class Params(NamedTuple):
        """The weights, of which W and W_in may be sparse, and the recovery of each unit."""

        W_in: Any  # (n, n_in)
        W: Any  # (n, n)
        bias: Array  # (n,)
        a: Array  # (n,)
        b: Array
        c: Array
        d: Array

    class State(NamedTuple):
        """Potentials, recovery, and the last spikes."""

        v: Array  # (n,)
        u: Array  # (n,)
        spikes: Array  # (n,)

    smooth: ClassVar[bool] = False

    a: float | Vector = 0.02
    b: float | Vector = 0.2
    c: float | Vector = -65.0
    d: float | Vector = 8.0
    substeps: PositiveInt = 2
    emits: Emitted = ("spikes",)
    rule: AnyRule | None = None

    _emits = in_order("spikes", "potentials")

    @model_validator(mode="after")
    def _one_number_for_each_unit(self) -> Izhikevich:
        for name in FIELDS:
            array = frozen_array(getattr(self, name))
            if array.ndim:
                require_shape(name, array, (self.neurons or 0,), ValueError)
        return self

    @property
    def declared_size(self) -> int | None:
        """The number of signals given out."""
        return self.neurons and self.neurons * len(self.emits)

    def doubts(self, x: Array, y: Array, params: Params) -> list[str]:
        """Return that no unit ever fires."""
        silent = "spikes" in self.emits and not y[:, : self.neurons].any()
        cure = f"no unit ever fires: raise input_scaling ({self.input_scaling}), or give bias"
        return [cure] if silent else []

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return the weights, drawn or given, and the recovery."""
        n, (of_W, of_W_in, of_bias) = self.neurons or 0, rng.spawn(3)
        each = {name: frozen_array(getattr(self, name)) for name in FIELDS}
        return self.Params(
            self.draw_input(of_W_in, n, n_in),
            self.draw_recurrent(of_W, n, n_in),
            self.draw_bias(of_bias, n),
            **{name: np.broadcast_to(array, (n,)).copy() for name, array in each.items()},
        )

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the potentials before the first step: -65, and what was given or drawn more."""
        n = self.neurons or 0
        v = self.begun(n, rng) - 65.0
        return self.State(v, frozen_array(self.b) * v, np.zeros(n))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` 1 ms later."""
        drive = arriving(params.W, state.spikes) + matvec(params.W_in, x) + params.bias
        move = self._as_published if self.substeps <= 2 else self._with_resets_at_once
        after = move(params, state, drive)
        shown = {"spikes": after.spikes, "potentials": where(after.spikes > 0, PEAK, after.v)}
        return after, np.concatenate([shown[name] for name in self.emits])

    def _as_published(self, p: Params, state: State, drive: Array) -> State:
        fired = state.spikes > 0
        v, u = where(fired, p.c, state.v), where(fired, state.u + p.d, state.u)
        for _ in range(self.substeps):
            v = v + self._slope(v, u, drive) / self.substeps
        u = u + p.a * (p.b * v - u)
        return self.State(np.clip(v, LOWEST, PEAK), u, (v >= PEAK).astype(drive.dtype))

    def _with_resets_at_once(self, p: Params, state: State, drive: Array) -> State:
        h = drive.dtype.type(1 / self.substeps)

        def moved(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            v, u, spikes = carry
            v, u = v + h * self._slope(v, u, drive), u + h * p.a * (p.b * v - u)
            peak = v >= PEAK
            v, u = where(peak, p.c, np.maximum(v, LOWEST)), where(peak, u + p.d, u)
            return v, u, where(peak, 1 + 0 * spikes, spikes)

        return self.State(*repeat(self.substeps, moved, (state.v, state.u, 0 * state.spikes)))

    @staticmethod
    def _slope(v: Array, u: Array, drive: Array) -> Array:
        slope: Array = 0.04 * v * v + 5 * v + 140 - u + drive
        return slope
