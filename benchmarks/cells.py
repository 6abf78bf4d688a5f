"""Recurrent cells written in numpy and the words of `nodegraph.maths`, and as plain numpy loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from pydantic import PositiveInt

import nodegraph as ng
from nodegraph.arrays import Array
from nodegraph.maths import matvec, repeat, sigmoid, tanh, total

__all__ = ["GRU", "LSTM", "LTC", "plain"]

UNFOLDS, CAPACITY = 6, 0.5


class Gates(NamedTuple):
    """Weights of the gates, one below the other: (k n, n), (k n, n_in) and (k n,)."""

    W: Array
    W_in: Array
    bias: Array


class Hidden(NamedTuple):
    """What is given out, (n,)."""

    h: Array


class Cell(NamedTuple):
    """What is given out and what is kept, (n,) each."""

    h: Array
    c: Array


class GRU(ng.Node):
    """Gated recurrent units, ``h = (1 - z) h + z tanh(W (r h) + W_in u + bias)``.

    Parameters
    ----------
    units : int
    """

    units: PositiveInt = 10

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Gates:
        """Return drawn weights of z, r and the candidate."""
        return _gates(rng, 3, n_in, n_out)

    def start(self, n_out: int) -> Hidden:
        """Return zeros."""
        return Hidden(np.zeros(n_out))

    def step(self, params: Gates, state: Hidden, x: Array) -> tuple[Hidden, Array]:
        """Return ``(state, h)`` one step later."""
        n, drive = self.units, matvec(params.W_in, x) + params.bias
        gates = sigmoid(matvec(params.W[: 2 * n], state.h) + drive[: 2 * n])
        z, r = gates[:n], gates[n:]
        new = tanh(matvec(params.W[2 * n :], r * state.h) + drive[2 * n :])
        h = (1 - z) * state.h + z * new
        return Hidden(h), h.copy()


class LSTM(ng.Node):
    """Long short-term memory, ``c = s(f) c + s(i) tanh(g)`` and ``h = s(o) tanh(c)``.

    Parameters
    ----------
    units : int
    """

    units: PositiveInt = 10

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Gates:
        """Return drawn weights of i, f, g and o."""
        return _gates(rng, 4, n_in, n_out)

    def start(self, n_out: int) -> Cell:
        """Return zeros."""
        return Cell(np.zeros(n_out), np.zeros(n_out))

    def step(self, params: Gates, state: Cell, x: Array) -> tuple[Cell, Array]:
        """Return ``(state, h)`` one step later."""
        drive = matvec(params.W, state.h) + matvec(params.W_in, x) + params.bias
        i, f, g, o = drive.reshape(4, -1)
        c = sigmoid(f) * state.c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        return Cell(h, c), h.copy()


class LTC(ng.Node):
    """Neurons like liquid time-constant cells: synapses that open with the voltage before them.

    Six times ``v = (k v + W_in u + bias + sum_j s_ij E_ij) / (k + 1 + sum_j s_ij)`` with
    ``s_ij = w_ij sigmoid(4 (v_j - mid_ij))`` and ``k = 3``.

    Parameters
    ----------
    units : int
    """

    class Params(NamedTuple):
        """Synapses, (n, n) each, input weights (n, n_in) and biases (n,)."""

        w: Array
        mid: Array
        E: Array
        W_in: Array
        bias: Array

    units: PositiveInt = 10

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Params:
        """Return drawn synapses."""
        n = n_out, n_out
        w, mid = rng.uniform(0.01, 1, n), rng.uniform(-0.3, 0.3, n)
        gates = _gates(rng, 1, n_in, n_out)
        return self.Params(w, mid, rng.choice([-1.0, 1.0], n), gates.W_in, gates.bias)

    def start(self, n_out: int) -> Hidden:
        """Return zeros."""
        return Hidden(np.zeros(n_out))

    def step(self, params: Params, state: Hidden, x: Array) -> tuple[Hidden, Array]:
        """Return ``(state, v)`` one step later."""
        drive, k = matvec(params.W_in, x) + params.bias, CAPACITY * UNFOLDS

        def part(v: Array) -> Array:
            s = params.w * sigmoid(4 * (v - params.mid))
            return (k * v + drive + total(s * params.E, axis=1)) / (k + 1 + total(s, axis=1))

        v = repeat(UNFOLDS, part, state.h)
        return Hidden(v), v.copy()


def plain(node: ng.Node) -> Callable[[Any, Array], Array]:
    """Return a plain loop for the same: what the node gives out, from its params and input."""
    return {GRU: _plain_gru, LSTM: _plain_lstm, LTC: _plain_ltc}[type(node)]


def _gates(rng: np.random.Generator, k: int, n_in: int, n: int) -> Gates:
    W, W_in = rng.standard_normal((k * n, n)), rng.standard_normal((k * n, n_in))
    return Gates(W / np.sqrt(n), W_in / np.sqrt(n_in), 0.1 * rng.standard_normal(k * n))


def _sigmoid(x: Array) -> Array:
    y: Array = 1 / (1 + np.exp(-x))
    return y


def _plain_gru(params: Gates, xs: Array) -> Array:
    n = params.W.shape[1]
    W, W_new = params.W[: 2 * n], params.W[2 * n :]
    h, found = np.zeros(n), []
    for drive in xs @ params.W_in.T + params.bias:
        gates = _sigmoid(W @ h + drive[: 2 * n])
        z, r = gates[:n], gates[n:]
        h = (1 - z) * h + z * np.tanh(W_new @ (r * h) + drive[2 * n :])
        found.append(h)
    return np.array(found)


def _plain_lstm(params: Gates, xs: Array) -> Array:
    n = params.W.shape[1]
    h, c, found = np.zeros(n), np.zeros(n), []
    for drive in xs @ params.W_in.T + params.bias:
        i, f, g, o = (params.W @ h + drive).reshape(4, n)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        found.append(h)
    return np.array(found)


def _plain_ltc(params: Any, xs: Array) -> Array:
    v, k, found = np.zeros(len(params.bias)), CAPACITY * UNFOLDS, []
    for drive in xs @ params.W_in.T + params.bias:
        for _ in range(UNFOLDS):
            s = params.w * _sigmoid(4 * (v - params.mid))
            v = (k * v + drive + (s * params.E).sum(axis=1)) / (k + 1 + s.sum(axis=1))
        found.append(v)
    return np.array(found)
