"""Linear readouts that learn from rewards."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import LANES, dot

__all__ = ["reward_hebb_chunk"]

_DOUBLE = types.float64


@inner
def _check(xs: Any, signals: Any, W: Any, bias: Any, ys: Any) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    fits = W.shape == (bias.size, xs.shape[1]) and ys.shape == (len(xs), bias.size)
    if not fits or signals.shape != ys.shape:
        raise DataError("readout: the shapes of xs, rewards, W_out and bias do not fit each other")


@inner
def _length(z: Any) -> Any:
    total = 0.0
    for value in z:
        total += value * value
    return np.sqrt(total)


def _wide(signal: Array, like: Array) -> Array:
    return np.array(np.broadcast_to(signal, like.shape), float, order="C")


def _hebb_signature(f: Any) -> Any:
    memory = (write(_DOUBLE, 2),) * 2 + (write(_DOUBLE, 1),) * 2 + (write(types.int64, 1),)
    data = read(f, 2), read(_DOUBLE, 2), read(f, 2), read(types.boolean, 1)
    return types.void(*data, write(f, 2), write(f, 1), *memory, read(_DOUBLE, 1), write(f, 2))


@kernel(_hebb_signature)
def _reward_hebb(
    xs: Any,
    rewards: Any,
    noise: Any,
    rows: Any,
    W: Any,
    bias: Any,
    zs: Any,
    tried: Any,
    output: Any,
    usual: Any,
    steps: Any,
    pace: Any,
    ys: Any,
) -> None:
    _check(xs, rewards, W, bias, ys)
    rate, fading, bound, binary, fit_bias = pace
    n, lanes, delay = xs.shape[1], np.empty(LANES, xs.dtype), len(zs)
    for t in range(len(xs)):
        for o in range(bias.size):
            ys[t, o] = dot(W[o], xs[t], lanes) + bias[o]
            if len(noise) > 0:
                ys[t, o] += noise[t, o]
        if not rows[t]:
            continue
        judged, first = steps[0] >= delay, steps[0] == delay
        for o in range(bias.size):
            if judged:
                if first:
                    usual[o] = rewards[t, o]
                better = rewards[t, o] - usual[o]
                M = better if binary == 0.0 else 1.0 if better > 0 else 0.0
                square = _length(zs[0]) ** 2
                _move(W, bias, o, rate, M, square, tried[0, o], zs[0], bound, fit_bias != 0.0)
                usual[o] += fading * better
            for k in range(delay - 1):
                tried[k, o] = tried[k + 1, o]
            if steps[0] == 0:
                output[o] = ys[t, o]
            tried[delay - 1, o] = ys[t, o] - output[o]
            output[o] += fading * tried[delay - 1, o]
        zs[: delay - 1] = zs[1:].copy()
        zs[delay - 1, :n] = xs[t]
        if fit_bias != 0.0:
            zs[delay - 1, n] = 1.0
        steps[0] += 1


@inner
def _move(
    W: Any, bias: Any, o: Any, rate: Any, M: Any, square: Any, tried: Any, z: Any, bound: Any,
    fit_bias: Any,
) -> None:  # fmt: skip
    """Move the weights of one output along z, and scale them back where they are too long."""
    step = 1.0 / max(abs(M) * square, 1.0 / rate) * M * tried
    n, total = W.shape[1], 0.0
    moved = np.empty(n + 1)
    for j in range(n):
        moved[j] = W[o, j] + step * z[j]
    moved[n] = bias[o] + step * z[n] if fit_bias else bias[o]
    for value in moved:
        total += value * value
    shrink = max(np.sqrt(total) / bound, 1.0)
    for j in range(n):
        W[o, j] = moved[j] / shrink
    bias[o] = moved[n] / shrink


def reward_hebb_chunk(
    xs: Array,
    rewards: Array,
    noise: Array | None,
    rows: Array,
    params: Any,
    memory: Any,
    pace: Array,
) -> Array:
    """Return the outputs of a chunk, made before each update; learn in place.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n)
        Input.
    rewards : ndarray, broadcast to shape (n_steps, n_out)
    noise : ndarray, shape (n_steps, n_out), optional
        What is tried.
    rows : ndarray of bool, shape (n_steps,)
        The steps to learn from.
    params, memory
        Those of `nodes.RewardReadout` and of `nodes.rules.RewardHebb`; changed in place.
    pace : ndarray
        Rate, fading, bound, and whether rewards count as binary and there is a bias.
    """
    W, bias = params
    ys = np.empty((len(xs), len(bias)), xs.dtype)
    tries = np.empty((0, len(bias)), xs.dtype) if noise is None else np.ascontiguousarray(noise)
    held = *memory[:4], memory.steps.reshape(1)
    data = np.ascontiguousarray(xs), _wide(rewards, ys), tries, rows
    _reward_hebb(xs.dtype)(*data, W, bias, *held, pace, ys)
    return ys
