"""Units with a dendrite that learns to predict from the other units."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph.arrays import Array
from nodegraph.fields import Fraction
from nodegraph.maths import matvec, tanh, total, where
from nodes.forward_unit import ForwardUnit
from nodes.rules.dendrite import Dendrite

__all__ = ["DendriticUnit"]


class DendriticUnit(ForwardUnit):
    """Leaky units with a lateral dendrite that learns to predict them [1]_.

    With s what unit i reads of the others one step before, ``net = W_in u + bias + w . s``,
    ``a = v . s`` and a gain lambda_i of either sign,
    ``x = (1 - leak_rate) x + leak_rate tanh(net + lambda_i a)``. The dendrite v learns by
    `nodes.rules.Dendrite` that s of tau_i steps ago foretells the target of now: with a gain
    below 0 the unit passes on what was not foreseen.

    Its state is x; its prediction is a, of the target tau_i - 1 steps later; its error is that of
    the prediction tau_i - 1 steps before, as v would make it now, and 0 before there is one.

    Parameters
    ----------
    fan_in : int
        How many units each unit reads.
    leak_rate : float in (0, 1]
        Weight of the newest step in the state.
    spectral_radius : float, at least 0
        Spread of w, times the root of fan_in: about the spectral radius of the fixed weights.
    input_scaling, bias_scaling : float, at least 0
        Largest input weight and bias.
    gain : float, at least 0
        Largest lambda; each unit draws its own between minus it and it.
    horizon : int
        Largest tau; each unit draws its own between 1 and it.
    target : {"drive", "net", "own"}
        What is to be foretold: ``W_in u + bias``, net, or x.
    rate, longest
        How the dendrites learn; see `nodes.rules.Dendrite`.

    References
    ----------
    .. [1] N. M. Mayer, M. Browne, Proc. BioADIT, LNCS 3141 (2004) 40-48.
    """

    class Params(NamedTuple):
        """What the units read, and their weights."""

        reads: Array  # (units, fan_in) int, places on the bus [u, x]
        W_in: Array  # (units, n_in)
        bias: Array  # (units,)
        w: Array  # (units, fan_in)
        v: Array  # (units, fan_in)
        gain: Array  # (units,)
        tau: Array  # (units,) int

    class State(NamedTuple):
        """The states of the last steps, that of t in row ``t % rows``, and the target of now."""

        past: Array  # (horizon + 1, units)
        target: Array  # (units,)
        steps: Array  # () int

    kind: Literal["dendritic"] = "dendritic"
    fan_in: PositiveInt = 20
    leak_rate: Fraction = 0.3
    spectral_radius: NonNegativeFloat = 1.1
    input_scaling: NonNegativeFloat = 0.8
    bias_scaling: NonNegativeFloat = 0.75
    gain: NonNegativeFloat = 0.6
    horizon: PositiveInt = 10
    target: Literal["drive", "net", "own"] = "drive"
    rate: PositiveFloat = 0.02
    longest: PositiveFloat = 2.0

    @property
    def local_rule(self) -> Dendrite:
        """The rule that the dendrites learn by."""
        return Dendrite(rate=self.rate, longest=self.longest)

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return what is drawn once."""
        self.check_wired(n_in)
        n, m = self.units, self.fan_in
        spread = 1 / np.sqrt(m)
        return self.Params(
            reads=rng.integers(n_in, n_in + n, (n, m)),
            W_in=self.input_scaling * rng.uniform(-1, 1, (n, n_in)),
            bias=self.bias_scaling * rng.uniform(-1, 1, n),
            w=self.spectral_radius * spread * rng.standard_normal((n, m)),
            v=0.5 * spread * rng.standard_normal((n, m)),
            gain=self.gain * rng.uniform(-1, 1, n),
            tau=rng.integers(1, self.horizon + 1, n),
        )

    def start(self, n_out: int) -> State:
        """Return the state before the first step: zeros."""
        past = np.zeros((self.horizon + 1, self.units))
        return self.State(past, np.zeros(self.units), np.zeros((), np.int64))

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        past, now, rows = state.past.copy(), state.steps, len(state.past)
        own, heard = past[(now - 1) % rows], params.reads - len(x)
        side = own[heard]
        drive = matvec(params.W_in, x) + params.bias
        net = drive + total(params.w * side, axis=1)
        ahead = total(params.v * side, axis=1)
        fresh = tanh(net + params.gain * ahead)
        hidden = ((1 - self.leak_rate) * own + self.leak_rate * fresh).astype(past.dtype)
        target = {"drive": drive, "net": net, "own": hidden}[self.target].astype(past.dtype)
        sides = past[(now - params.tau[:, None]) % rows, heard]
        past[now % rows] = hidden
        error = where(now >= params.tau, target - total(params.v * sides, axis=1), 0)
        said = {"state": hidden, "prediction": ahead, "error": error}
        y = np.concatenate([said[name] for name in self.emits]).astype(x.dtype)
        return self.State(past, target, now + 1), y
