"""A pool of spiking neurons."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from nodegraph.arrays import Array, frozen_array
from nodegraph.fields import PerUnit
from nodegraph.maths import arriving, matvec
from nodegraph.node import Node
from nodegraph.rule import AnyRule
from nodes.parts.emitted import Emitted, in_order
from nodes.parts.random_layer import RandomLayer

__all__ = ["LIF"]

Decay = Annotated[float, Field(ge=0, lt=1)]


class LIF(RandomLayer, Node):
    """Leaky integrate-and-fire reservoir [1]_; it gives out spikes, 0 or 1.

    ``v[t] = (1 - a) v[t-1] + W s[t-1] + W_in u[t] + bias`` and ``s[t] = v[t] >= threshold``; then
    v is reset where there was a spike. Three things more may be asked for:

    - `refractory`: for so many steps after a spike v stays as the reset left it, whatever arrives.
    - `adaptation`: each spike raises a unit's own threshold, ``threshold + adaptation a[t-1]``;
      ``a[t] = adaptation_decay a[t-1] + s[t]``. A reset that subtracts takes `threshold` away and
      not what adaptation adds to it, as in [2]_.
    - `synaptic_decay`: a spike acts for longer, through a current
      ``i[t] = synaptic_decay i[t-1] + W s[t-1]`` in place of ``W s[t-1]``.

    Of W, only what the spikes of the step before pass through is looked at, if it is sparse.

    Parameters
    ----------
    units : int, optional
        Number of units n; may be left out if W is given.
    leak_rate : float in [0, 1], or one for each unit
        a, the share of the potential that leaks away in each step; 0 for a perfect integrator.
    threshold : float, above 0
        Potential at which a unit fires.
    reset : {"zero", "subtract"}
        Whether a unit that fires goes back to 0, or to ``v[t] - threshold``.
    refractory : int
        Steps after a spike in which a unit does nothing.
    adaptation : float, at least 0
        How much each spike raises the threshold of its unit.
    adaptation_decay, synaptic_decay, trace_decay : float in [0, 1)
        What is left after a step of what raises the threshold, of the current, and of the trace.
    emits : tuple of {"spikes", "trace", "potentials"}
        What is given out, side by side in this order, whatever the order given. A trace is what
        spikes leave behind, ``r[t] = trace_decay r[t-1] + s[t]``; potentials are those after the
        reset.
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
        The potentials before the first step of every series; random numbers are even in [-1, 1) and
        the same each time. It is honoured by all methods: `fit` and lists start from it.
    W, W_in, bias : array, optional
        Weights of shape (n, n), (n, n_in) and (n,), used as they stand.
    rule : Rule, optional
        Local rule that adapts the weights, such as `nodes.rules.STDP`.
    wiring : Wiring, optional
        Who hears whom, and with which sign, as in `nodes.wirings`; weights are drawn there.

    References
    ----------
    .. [1] W. Maass, T. Natschlaeger, H. Markram, Neural Computation 14 (2002) 2531-2560.
    .. [2] G. Bellec et al., A solution to the learning dilemma for recurrent networks of spiking
       neurons, Nature Communications 11 (2020) 3625.

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
        """Potentials after the reset, the last spikes, and what was asked for, else empty."""

        v: Array  # (n,)
        spikes: Array  # (n,)
        rest: Array = np.zeros(0)  # (n,) steps of rest that are left
        adapted: Array = np.zeros(0)  # (n,), a
        current: Array = np.zeros(0)  # (n,), i
        trace: Array = np.zeros(0)  # (n,), r

    smooth: ClassVar[bool] = False

    leak_rate: PerUnit = 0.1
    threshold: PositiveFloat = 1.0
    reset: Literal["zero", "subtract"] = "zero"
    refractory: NonNegativeInt = 0
    adaptation: NonNegativeFloat = 0.0
    adaptation_decay: Decay = 0.95
    synaptic_decay: Decay = 0.0
    trace_decay: Decay = 0.9
    emits: Emitted = ("spikes",)
    rule: AnyRule | None = None

    _emits = in_order("spikes", "trace", "potentials")

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why."""
        reasons = super().idle()
        if self.adaptation == 0:
            reasons["adaptation_decay"] = "adaptation is 0"
        if "trace" not in self.emits:
            reasons["trace_decay"] = "no trace is given out"
        return reasons

    @property
    def declared_size(self) -> int | None:
        """The number of signals given out."""
        return self.neurons and self.neurons * len(self.emits)

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
        if "spikes" not in self.emits:
            return []
        y = y[:, : self.neurons]
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
        n, (of_W, of_W_in, of_bias) = self.neurons or 0, rng.spawn(3)
        return self.Params(
            W_in=self.draw_input(of_W_in, n, n_in),
            W=self.draw_recurrent(of_W, n, n_in),
            bias=self.draw_bias(of_bias, n),
        )

    def start(self, n_out: int, rng: np.random.Generator | None = None) -> State:
        """Return the potentials before the first step, at rest, given or drawn; no spikes."""
        n, none = self.neurons or 0, np.zeros(0)
        asked = (self.refractory, self.adaptation, self.synaptic_decay, "trace" in self.emits)
        more = (np.zeros(n) if each else none for each in asked)
        return self.State(self.begun(n, rng), np.zeros(n), *more)

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        current = arriving(params.W, state.spikes)
        if self.synaptic_decay:
            current = self.synaptic_decay * state.current + current
        drive = current + matvec(params.W_in, x) + params.bias
        v = (1 - self.leak.astype(x.dtype)) * state.v + drive
        if self.refractory:
            v = np.where(state.rest > 0, state.v, v)
        threshold = self.threshold + self.adaptation * state.adapted if self.adaptation else None
        fired = v >= (self.threshold if threshold is None else threshold)
        if self.refractory:
            fired = fired & (state.rest <= 0)
        after = v - self.threshold if self.reset == "subtract" else np.zeros_like(v)
        spikes = fired.astype(x.dtype)
        state = self._moved(state, spikes, current)._replace(v=np.where(fired, after, v))
        shown = {"spikes": spikes, "trace": state.trace, "potentials": state.v}
        return state, np.concatenate([shown[name] for name in self.emits])

    def _moved(self, state: State, spikes: Array, current: Array) -> State:
        """Return what else the spikes and the current leave behind."""
        moved = {"spikes": spikes}
        if self.refractory:
            moved["rest"] = np.where(spikes > 0, self.refractory, np.maximum(state.rest - 1, 0))
        if self.adaptation:
            moved["adapted"] = self.adaptation_decay * state.adapted + spikes
        if self.synaptic_decay:
            moved["current"] = current
        if "trace" in self.emits:
            moved["trace"] = self.trace_decay * state.trace + spikes
        return state._replace(**moved)
