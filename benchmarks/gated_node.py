"""A gated node with an inner loop and counters, its rule, and the same as plain numpy loops."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat, PositiveInt

import nodegraph as ng
from nodegraph.arrays import Array
from nodegraph.maths import dot, matvec, outer, repeat, sigmoid, tanh

__all__ = ["Covariance", "GatedSettling", "plain_learn", "plain_loop", "plain_run"]

TURNS, SHARE, THRESHOLD, REST = 5, 0.4, 0.6, 3
RATE, BOUND = 1e-3, 1.0


class GatedSettling(ng.Node):
    """Gated units that settle inside a step, and rest for some steps after they were large.

    With ``drive = W_in u + W_fb y + bias``, five times ``v = v + share (tanh(W v + drive) - v)``;
    then ``h = (1 - z) h + z v`` with ``z = sigmoid(G v + drive)`` where a unit does not rest.

    Parameters
    ----------
    units : int
        Number of units.
    share : float
        How far a turn moves v.
    threshold : float
        What ``|h|`` must pass for a unit to rest.
    rest : int
        Steps for which it then keeps h.
    rule : Rule, optional
        What changes its weights.
    """

    class Params(NamedTuple):
        """Weights (n, n), (n, n), (n, n_in), (n, n_fb), and biases (n,)."""

        W: Array
        G: Array
        W_in: Array
        W_fb: Array
        bias: Array

    class State(NamedTuple):
        """What is given out, (n,), and for how many steps each unit still rests, whole numbers."""

        h: Array
        rests: Array

    units: PositiveInt = 10
    share: PositiveFloat = SHARE
    threshold: PositiveFloat = THRESHOLD
    rest: PositiveInt = REST
    rule: ng.AnyRule | None = None

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, feedback: int = 0) -> Params:
        """Return drawn weights."""
        shapes = (n_out, n_out), (n_out, n_out), (n_out, n_in), (n_out, feedback), (1, n_out)
        W, G, W_in, W_fb, bias = (rng.standard_normal(s) / np.sqrt(max(s[1], 1)) for s in shapes)
        return self.Params(W, G, W_in, W_fb, bias[0])

    def start(self, n_out: int) -> State:
        """Return zeros."""
        return self.State(np.zeros(n_out), np.zeros(n_out, int))

    def step(
        self, params: Params, state: State, x: Array, feedback: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, h)`` one step later."""
        drive = matvec(params.W_in, x) + params.bias
        if feedback is not None:
            drive = drive + matvec(params.W_fb, feedback)

        def turn(v: Array) -> Array:
            return v + self.share * (tanh(matvec(params.W, v) + drive) - v)

        v = repeat(TURNS, turn, state.h)
        z = sigmoid(matvec(params.G, v) + drive)
        free = state.rests == 0
        h = np.where(free, (1 - z) * state.h + z * v, state.h)
        large = free & (np.abs(h) > self.threshold)
        rests = np.where(large, self.rest, np.maximum(state.rests - 1, 0))
        return self.State(h, rests), h.copy()


class Covariance(ng.Rule):
    """``dW_in = rate ((y - mean of y) u' - bound |u|^2 W_in)``, the mean over the steps so far.

    Parameters
    ----------
    rate, bound : float
    """

    class Memory(NamedTuple):
        """The mean, (n,), and of how many steps, a whole number."""

        mean: Array
        steps: Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W_in",)

    rate: PositiveFloat = RATE
    bound: PositiveFloat = BOUND

    def begin(self, params: Any) -> Memory:
        """Return a mean of nothing."""
        return self.Memory(np.zeros_like(params.bias), np.zeros((), int))

    def update(self, params: Any, memory: Memory, seen: Any) -> tuple[Any, Memory]:
        """Return ``(params, memory)`` after a step."""
        steps = memory.steps + 1
        mean = memory.mean + (seen.y - memory.mean) / steps.astype(seen.y.dtype)
        pull = outer(seen.y - mean, seen.x) - self.bound * dot(seen.x, seen.x) * params.W_in
        return params._replace(W_in=params.W_in + self.rate * pull), self.Memory(mean, steps)


def plain_run(params: Any, xs: Array) -> Array:
    """Return what the node gives out, by a plain loop."""
    driven, state, found = xs @ params.W_in.T + params.bias, _start(params), []
    for drive in driven:
        state = _step(params, state, drive)
        found.append(state[0])
    return np.array(found)


def plain_loop(params: Any, readout: Any, xs: Array) -> Array:
    """Return a readout that the node hears one step later, by a plain loop."""
    driven, state, found = xs @ params.W_in.T + params.bias, _start(params), []
    y = np.zeros(len(readout.bias))
    for drive in driven:
        state = _step(params, state, drive + params.W_fb @ y)
        y = readout.W_out @ state[0] + readout.bias
        found.append(y)
    return np.array(found)


def plain_learn(params: Any, xs: Array) -> Array:
    """Return the W_in that the rule leaves, by a plain loop."""
    W_in, state = params.W_in.copy(), _start(params)
    mean = np.zeros(len(params.bias))
    for t, x in enumerate(xs):
        state = _step(params, state, W_in @ x + params.bias)
        y = state[0]
        mean = mean + (y - mean) / (t + 1)
        W_in += RATE * (np.outer(y - mean, x) - BOUND * (x @ x) * W_in)
    return W_in


def _start(params: Any) -> tuple[Array, Array]:
    n = len(params.bias)
    return np.zeros(n), np.zeros(n, int)


def _step(params: Any, state: tuple[Array, Array], drive: Array) -> tuple[Array, Array]:
    h, rests = state
    v = h
    for _ in range(TURNS):
        v = v + SHARE * (np.tanh(params.W @ v + drive) - v)
    z = 1 / (1 + np.exp(-(params.G @ v + drive)))
    free = rests == 0
    h = np.where(free, (1 - z) * h + z * v, h)
    large = free & (np.abs(h) > THRESHOLD)
    return h, np.where(large, REST, np.maximum(rests - 1, 0))
