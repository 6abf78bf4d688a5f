"""Units that forecast their inputs from what other units forecast for sooner."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import einsum, tanh, total
from nodes.forward_unit import Emits, ForwardUnit
from nodes.rules.forecast import Forecast, due_features

__all__ = ["ForecastUnit"]

BOUND = 3.0


class ForecastUnit(ForwardUnit):
    """Units that forecast an input signal, and read each other's forecasts of one step before.

    Unit i forecasts its channel ``tau_i`` steps ahead, with tau spread evenly from 1 to `horizon`.
    It reads, as z, `fan_in` values of the stretch of `reach` steps just before the time that it
    forecasts: of the past from the input, of the future as other units forecast it. So a far
    forecast is made of nearer ones. It expands z to ``h = [z, 1, tanh(mix z + shift)]``, and gives
    out ``y = b(s head . h + (1 - s) random . h)`` with ``b(v) = 3 tanh(v / 3)``. Its head
    learns by `nodes.rules.Forecast`, and s is the skill with which it forecasts: a unit that
    cannot stays a random feature.

    Its prediction is y; its state is ``b(random . h)``; its error is that of ``head . h``, made
    tau steps before, beside the channel now (0 until the population has filled up, after
    reach + horizon steps).

    Parameters
    ----------
    fan_in : int
        How many signals each unit reads.
    features : int
        How many random tanh features each unit has.
    horizon : int
        The largest number of steps ahead.
    reach : int
        How far before the time that it forecasts a unit looks back at most, in steps.
    bus : bool
        Whether units read each other; else each reads the last `reach` steps of the input alone.
    feature_scaling : float, at least 0
        Spread of mix; that of shift is 1. With 0 the features are constant: the units are linear.
    random_scaling : float, at least 0
        Spread of the random head.
    forgetting, alpha, fading, gate, epochs
        How the heads learn; see `nodes.rules.Forecast`.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import ForwardUnit, Ridge
    >>> u = np.sin(np.arange(600) / 5)[:, None]
    >>> model = ng.Model(ForwardUnit(units=20, kind="forecast") >> Ridge(), seed=1)
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

        bus: Array  # (reach, n_in + units)
        features: Array  # (horizon + 1, units, q)
        y: Array  # (units,)
        steps: Array  # () int, steps so far

    kind: Literal["forecast"] = "forecast"
    emits: Emits = ("prediction",)
    fan_in: PositiveInt = 12
    features: PositiveInt = 20
    horizon: PositiveInt = 28
    reach: PositiveInt = 20
    bus: bool = True
    feature_scaling: NonNegativeFloat = 1.4
    random_scaling: NonNegativeFloat = 0.5
    forgetting: Fraction = 0.9998
    alpha: PositiveFloat = 0.01
    fading: Fraction = 0.005
    gate: bool = True
    epochs: PositiveInt = 4

    @property
    def local_rule(self) -> Forecast:
        """The rule that the heads learn by."""
        return Forecast(**{name: getattr(self, name) for name in Forecast.model_fields})

    @property
    def width(self) -> int:
        """The number of features of a unit, q."""
        return self.fan_in + 1 + self.features

    def cost(self, n_in: int, n_out: int) -> dict[str, int]:
        """Return how many numbers weights, features and the memory of the rule will hold."""
        q = self.width
        return {
            "mix": self.units * self.features * self.fan_in,
            "features": (self.horizon + 1) * self.units * q,
            "P": 0 if self.frozen else (self.units + 15) * q * (q + 1) // 2,
        }

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once: what the units read, their features and random heads."""
        self.check_wired(n_in)
        tau = 1 + np.arange(self.units) * self.horizon // self.units
        reads, lags = self._wiring(rng, tau, n_in)
        spread = self.feature_scaling / np.sqrt(self.fan_in)
        weights = rng.standard_normal((self.units, self.width))
        random = self.random_scaling / np.sqrt(self.width) * weights
        return self.Params(
            reads=reads,
            lags=lags,
            channel=rng.integers(0, n_in, self.units),
            tau=tau,
            mix=spread * rng.standard_normal((self.units, self.features, self.fan_in)),
            shift=rng.standard_normal((self.units, self.features)),
            head=random.copy(),
            random=random,
            skill=np.zeros(self.units),
        )

    def _wiring(self, rng: np.random.Generator, tau: Array, n_in: int) -> tuple[Array, Array]:
        """Return the places on the bus that each unit reads, and at which lags."""
        order = rng.permuted(np.tile(np.arange(1, self.reach + 1), (self.units, 1)), axis=1)
        before = np.sort(np.resize(order.T, (self.fan_in, self.units)).T, axis=1)
        before[:, 0] = 1
        ahead = tau[:, None] - before  # from now on; from 1 on it takes a forecast
        if not self.bus:
            ahead = 1 - before
        nearest = np.searchsorted(tau, ahead + 1, side="right") - 1
        first = np.searchsorted(tau, tau[nearest])
        peers = np.searchsorted(tau, tau[nearest], side="right") - first
        peer = first + (rng.random(peers.shape) * peers).astype(int)
        heard = rng.integers(0, n_in, before.shape)
        reads = np.where(ahead > 0, n_in + peer, heard)
        return reads, np.maximum(-ahead, 0)

    def start(self, n_out: int, n_in: int = 0) -> State:
        """Return the state before the first step: zeros."""
        return self.State(
            bus=np.zeros((self.reach, n_in + self.units)),
            features=np.zeros((self.horizon + 1, self.units, self.width)),
            y=np.zeros(self.units),
            steps=np.zeros((), np.int64),
        )

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        bus, features, now = state.bus.copy(), state.features.copy(), state.steps
        bus[now % len(bus)] = np.concatenate([x, state.y])
        z = bus[now % len(bus) - params.lags, params.reads]
        expanded = tanh(einsum("ukm,um->uk", params.mix, z) + params.shift)
        h = np.concatenate([z, np.ones((self.units, 1), x.dtype), expanded], axis=1)
        features[now % len(features)] = h
        learned, plain = total(params.head * h, axis=1), total(params.random * h, axis=1)
        y = _bounded(params.skill * learned + (1 - params.skill) * plain)
        after = self.State(bus, features, y, now + 1)
        h, due = due_features(params, after)
        error = np.where(due, x[params.channel] - total(params.head * h, axis=1), 0.0)
        said = {"state": _bounded(plain), "prediction": y, "error": error}
        return after, np.concatenate([said[name] for name in self.emits]).astype(x.dtype)


def _bounded(values: Array) -> Array:
    bounded: Array = BOUND * tanh(values / BOUND)
    return bounded
