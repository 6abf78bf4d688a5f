"""A population of units that forecast their inputs, over a chunk of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.scalars import tanh

__all__ = ["forecast_chunk"]


@inner
def _look(now: Any, reads: Any, lags: Any, mix: Any, shift: Any, bus: Any, h: Any) -> None:
    """Set `h` to what one unit reads, a constant, and a random expansion of both."""
    m = reads.size
    for j in range(m):
        h[j] = bus[(now - lags[j]) % len(bus), reads[j]]
    h[m] = 1
    for k in range(shift.size):
        total = shift[k]
        for j in range(m):
            total += mix[k, j] * h[j]
        h[m + 1 + k] = total
    for k in range(m + 1, h.size):
        h[k] = tanh(h[k])


@inner
def _dot(a: Any, b: Any) -> Any:
    total = a[0] * b[0]
    for j in range(1, a.size):
        total += a[j] * b[j]
    return total


@inner
def _least_squares(head: Any, P: Any, h: Any, e: Any, Ph: Any, settings: Any) -> None:
    """Change the head and P of one unit by one step of recursive least squares."""
    forgetting, alpha, wind_up = settings[0], settings[1], settings[4]
    q = h.size
    for i in range(q):
        Ph[i] = _dot(P[i], h)
    g = 1.0 / (forgetting + _dot(Ph, h))
    growth = 1.0 / forgetting
    trace = 0.0
    for i in range(q):
        head[i] += Ph[i] * (g * e)
        for j in range(q):
            P[i, j] = (P[i, j] - (Ph[i] * Ph[j]) * g) * growth
        trace += P[i, i]
    if trace > wind_up * q / alpha:
        P[:] = 0
        for i in range(q):
            P[i, i] = 1.0 / alpha


@inner
def _skill(i: Any, c: Any, e: Any, error: Any, mean: Any, spread: Any, settings: Any) -> Any:
    """Return the skill of unit i after one more forecast came due."""
    fading = settings[2]
    error[i] += fading * (e * e - error[i])
    mean[i] += fading * (c - mean[i])
    spread[i] += fading * ((c - mean[i]) * (c - mean[i]) - spread[i])
    if settings[3] == 0.0:
        return 1.0
    return min(max(1.0 - error[i] / max(spread[i], 2.2250738585072014e-308), 0.0), 1.0)


def _signature(f: Any) -> Any:
    drawn = (read(types.int64, 2),) * 2 + (read(types.int64, 1),) * 2 + (read(f, 3), read(f, 2))
    weights = (write(f, 2), read(f, 2), write(f, 1))
    state = (write(f, 2), write(f, 3), write(f, 1), types.int64)
    memory = (write(types.float64, 3),) + (write(types.float64, 1),) * 3
    learning = (read(types.boolean, 1), *memory, read(types.float64, 1))
    return types.void(*drawn, *weights, *state, read(f, 2), *learning, write(f, 2))


@kernel(_signature)
def _forecast(
    reads: Any,
    lags: Any,
    channel: Any,
    tau: Any,
    mix: Any,
    shift: Any,
    head: Any,
    random: Any,
    skill: Any,
    bus: Any,
    features: Any,
    y: Any,
    count: Any,
    xs: Any,
    rows: Any,
    P: Any,
    error: Any,
    mean: Any,
    spread: Any,
    settings: Any,
    ys: Any,
) -> None:
    units, m, n_in = len(reads), reads.shape[1], xs.shape[1]
    h, Ph = np.empty(head.shape[1]), np.empty(head.shape[1])
    one, three = y.dtype.type(1), y.dtype.type(3)
    for t in range(len(xs)):
        now = count + t
        bus[now % len(bus), :n_in] = xs[t]
        bus[now % len(bus), n_in:] = y
        newest = features[now % len(features)]
        for i in range(units):
            _look(now, reads[i], lags[i], mix[i], shift[i], bus, newest[i])
            learned, plain = _dot(head[i], newest[i]), _dot(random[i], newest[i])
            y[i] = three * tanh((skill[i] * learned + (one - skill[i]) * plain) / three)
            ys[t, i] = y[i]
        if not rows[t]:
            continue
        for i in range(units):
            h[:] = features[(now - tau[i]) % len(features), i]
            if h[m] == 0:
                continue
            c = np.float64(xs[t, channel[i]])
            e = c - _dot(head[i], h)
            _least_squares(head[i], P[i], h, e, Ph, settings)
            skill[i] = _skill(i, c, e, error, mean, spread, settings)


def forecast_chunk(
    params: Any,
    state: Any,
    xs: Array,
    rows: Array | None = None,
    memory: tuple[Array, ...] | None = None,
    settings: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0),
) -> tuple[Any, Array]:
    """Return ``(state, ys)`` of a `nodes.ForwardUnit` after a chunk; learn in place, if asked to.

    Parameters
    ----------
    params, state
        Those of the node. With `memory`, ``params.head`` and ``params.skill`` are changed in place.
    xs : ndarray, shape (n_steps, n_in)
        Input.
    rows : ndarray of bool, shape (n_steps,), optional
        The steps to learn from.
    memory : tuple of ndarray, optional
        That of `nodes.rules.Forecast`; changed in place.
    settings : tuple of float
        Forgetting, alpha, fading, gate and wind-up.
    """
    head, skill = params.head, params.skill
    if memory is None:
        head, skill, rows = head.copy(), skill.copy(), np.zeros(len(xs), bool)
        memory = np.empty((0, 0, 0)), *np.empty((3, 0))
    drawn = params.reads, params.lags, params.channel, params.tau, params.mix, params.shift
    bus, features, y = state.bus.copy(), state.features.copy(), state.y.copy()
    ys = np.empty((len(xs), len(y)), y.dtype)
    _forecast(y.dtype)(
        *map(np.ascontiguousarray, drawn),
        head,
        np.ascontiguousarray(params.random),
        skill,
        bus,
        features,
        y,
        int(state.steps),
        np.ascontiguousarray(xs),
        rows,
        *memory,
        np.array(settings, dtype=float),
        ys,
    )
    return type(state)(bus, features, y, np.array(state.steps + len(xs))), ys
