"""A population of units that learn by themselves to forecast what they read."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.fields import Fraction, UnitInterval
from nodegraph.node import Node
from nodes.rules.forecast import Forecast

__all__ = ["ForwardUnit"]


class ForwardUnit(Node):
    """Units that forecast their inputs, and read each other's forecasts of one step before.

    All units look at one bus, ``g[t] = [u[t], y[t-1]]``. Unit i reads `fan_in` of its signals at
    some lags as z, expands them to ``h = [z, 1, tanh(mix z + shift)]``, and gives out
    ``y = 3 tanh((s head . h + (1 - s) random . h) / 3)``. Its head learns by `Forecast` to tell an
    input signal ``tau_i`` steps ahead, and s is the skill with which it does so: a unit that
    cannot forecast stays a random feature. Nothing but the bus joins the units; the input signals
    should have a mean of about 0 and a variance of about 1.

    In `fit` the heads learn before the readouts downstream, and then stay as they are.

    Parameters
    ----------
    units : int
        Number of units.
    kind : {"forecast"}
        What the units learn.
    frozen : bool
        Whether they keep their random heads.
    fan_in : int
        How many signals each unit reads; the first of them is an input.
    features : int
        How many random tanh features each unit has.
    horizon : int
        The largest number of steps ahead; each unit draws its own between 1 and it.
    lags : int
        The largest lag at which a signal is read, in steps.
    input_share : float in [0, 1]
        Probability that a signal read is an input, rather than another unit's forecast.
    feature_scaling : float, at least 0
        Spread of mix; that of shift is 1.
    random_scaling : float, at least 0
        Spread of the random head.
    forgetting, alpha, fading, gate, epochs
        How the heads learn; see `Forecast`.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Ridge
    >>> u = np.sin(np.arange(600) / 5)[:, None]
    >>> model = ng.Model(ForwardUnit(units=20) >> Ridge(), seed=1)
    >>> y = model.fit(u[:-9], u[9:], warmup=100).run(u)
    >>> bool(np.abs(y[100:-9] - u[109:]).max() < 0.05)
    True
    """

    class Params(NamedTuple):
        """What the units read, and their weights; q = fan_in + 1 + features."""

        reads: Array  # (units, fan_in) int, places on the bus
        lags: Array  # (units, fan_in) int, steps
        channel: Array  # (units,) int, the input that is forecast
        tau: Array  # (units,) int, steps ahead
        mix: Array  # (units, features, fan_in)
        shift: Array  # (units, features)
        head: Array  # (units, q)
        random: Array  # (units, q)
        skill: Array  # (units,)

    class State(NamedTuple):
        """What was on the bus, and what the units made of it; step t is in row ``t % rows``."""

        bus: Array  # (lags + 1, n_in + units)
        features: Array  # (horizon + 1, units, q)
        y: Array  # (units,)
        steps: Array  # () int, steps so far

    units: PositiveInt
    kind: Literal["forecast"] = "forecast"
    frozen: bool = False
    fan_in: PositiveInt = 8
    features: PositiveInt = 20
    horizon: PositiveInt = 25
    lags: NonNegativeInt = 2
    input_share: UnitInterval = 0.7
    feature_scaling: NonNegativeFloat = 3.0
    random_scaling: NonNegativeFloat = 1.0
    forgetting: Fraction = 0.9995
    alpha: PositiveFloat = 1.0
    fading: Fraction = 0.005
    gate: bool = True
    epochs: PositiveInt = 2

    @property
    def rule(self) -> Forecast | None:
        """The rule that the heads learn by; none if they are frozen."""
        if self.frozen:
            return None
        return Forecast(**{name: getattr(self, name) for name in Forecast.model_fields})

    @property
    def width(self) -> int:
        """The number of features of a unit, q."""
        return self.fan_in + 1 + self.features

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights, features and the memory of the rule will hold."""
        q = self.width
        learning = 0 if self.frozen else n_out * q * q
        return {
            "mix": n_out * self.features * self.fan_in,
            "features": (self.horizon + 1) * n_out * q,
            "P": learning,
        }

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once: what the units read, their features and random heads."""
        if n_in == 0:
            raise FieldError("a ForwardUnit forecasts its input, but nothing is wired to it")
        shape = n_out, self.fan_in
        external = rng.random(shape) < self.input_share
        external[:, 0] = True
        reads = np.where(
            external, rng.integers(0, n_in, shape), rng.integers(n_in, n_in + n_out, shape)
        )
        spread = self.feature_scaling / np.sqrt(self.fan_in)
        random = (
            self.random_scaling / np.sqrt(self.width) * rng.standard_normal((n_out, self.width))
        )
        return self.Params(
            reads=reads,
            lags=rng.integers(0, self.lags + 1, shape),
            channel=reads[:, 0].copy(),
            tau=rng.integers(1, self.horizon + 1, n_out),
            mix=spread * rng.standard_normal((n_out, self.features, self.fan_in)),
            shift=rng.standard_normal((n_out, self.features)),
            head=random.copy(),
            random=random,
            skill=np.zeros(n_out),
        )

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        return self.State(
            bus=np.zeros((self.lags + 1, n_in + n_out)),
            features=np.zeros((self.horizon + 1, n_out, self.width)),
            y=np.zeros(n_out),
            steps=np.zeros((), np.int64),
        )

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        bus, features, now = state.bus.copy(), state.features.copy(), int(state.steps)
        bus[now % len(bus)] = np.concatenate([x, state.y])
        z = bus[(now - params.lags) % len(bus), params.reads]
        expanded = np.tanh(np.einsum("ukm,um->uk", params.mix, z) + params.shift)
        h = np.concatenate([z, np.ones_like(z[:, :1]), expanded], axis=1)
        features[now % len(features)] = h
        learned, plain = (params.head * h).sum(axis=1), (params.random * h).sum(axis=1)
        y = 3 * np.tanh((params.skill * learned + (1 - params.skill) * plain) / 3)
        return self.State(bus, features, y, np.array(now + 1)), y.copy()

    def run(self, params: Params, state: State, xs: Array, **ports: Array) -> tuple[State, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps, in one compiled loop."""
        from nodes.kernels.forward import forecast_chunk

        return forecast_chunk(params, state, xs)
