"""A population of units that forecast their inputs, over a chunk of steps, 16 units abreast."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.abreast import (
    MANY,
    abreast,
    add_multiples,
    add_products,
    apart,
)
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.correlations import multiply, put_off, renew, settle
from nodes.kernels.scalars import tanh

__all__ = ["forecast_chunk"]

_TINY = 2.2250738585072014e-308
_DOUBLE = types.float64


@inner
def _gather(bus: Any, places: Any, reads: Any, lags: Any, first: Any, h: Any) -> None:
    """Set the first rows of `h` to what a group of units reads, and the next one to 1."""
    m, count = reads.shape[1], min(MANY, len(reads) - first)
    for lane in range(count):
        for j in range(m):
            h[j, lane] = bus[places[lags[first + lane, j]], reads[first + lane, j]]
    h[m] = 1.0


@inner
def _expand(mix: Any, shift: Any, m: Any, h: Any) -> None:
    """Set the last rows of `h` to tanh features of the first m."""
    for k in range(len(shift)):
        h[m + 1 + k] = shift[k]
        add_products(mix, k * m, 1, h, 0, m, h, m + 1 + k)
    flat = h[m + 1 :].reshape(-1)
    for k in range(flat.size):
        flat[k] = tanh(flat[k])


@inner
def _keep(h: Any, first: Any, newest: Any) -> None:
    """Write the features of a group of units to the rows of `newest`."""
    for lane in range(min(MANY, len(newest) - first)):
        row = newest[first + lane]
        for k in range(row.size):
            row[k] = h[k, lane]


@inner
def _recall(features: Any, tau: Any, now: Any, first: Any, due: Any, h: Any) -> None:
    """Set `h` to the features from which each unit of a group forecast this step, if it counts."""
    for lane in range(min(MANY, len(tau) - first)):
        row = features[(now - tau[first + lane]) % len(features), first + lane]
        if due[lane]:
            for k in range(row.size):
                h[k, lane] = row[k]
        else:
            h[:, lane] = 0.0


@inner
def _judge(c: Any, e: Any, error: Any, mean: Any, spread: Any, i: Any, settings: Any) -> Any:
    """Return the skill of unit i after one more forecast came due."""
    fading = settings[2]
    error[i] += fading * (e * e - error[i])
    mean[i] += fading * (c - mean[i])
    spread[i] += fading * ((c - mean[i]) * (c - mean[i]) - spread[i])
    if settings[3] == 0.0:
        return 1.0
    return min(max(1.0 - error[i] / max(spread[i], _TINY), 0.0), 1.0)


def _signature(f: Any) -> Any:
    drawn = (read(types.int64, 2),) * 2 + (read(types.int64, 1),) * 2
    weights = (read(_DOUBLE, 3),) * 2 + (write(_DOUBLE, 3), read(_DOUBLE, 3), write(_DOUBLE, 1))
    state = (write(f, 2), write(f, 3), write(f, 1), types.int64)
    memory = (write(_DOUBLE, 3),) + (write(_DOUBLE, 1),) * 3
    learning = (read(types.boolean, 1), *memory, read(_DOUBLE, 1))
    return types.void(
        *drawn, *weights, *state, read(f, 2), *learning, read(types.int64, 1), write(f, 2)
    )


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
    columns: Any,
    ys: Any,
) -> None:
    units, m, n_in, q = len(reads), reads.shape[1], xs.shape[1], head.shape[1]
    h, Ph, gain = np.zeros((q, MANY)), np.empty((q, MANY)), np.zeros((2, MANY))
    told, one, trace = np.zeros((4, MANY)), np.ones((1, MANY)), np.zeros(MANY)
    left, right = np.zeros((len(P), q, MANY)), np.full((len(P), q, MANY), -0.0)
    growth = np.ones((len(P), 1, MANY))
    due, places = np.zeros(MANY, np.bool_), np.empty(len(bus), np.int64)
    settled = len(bus) + len(features) - 2
    forgetting, alpha = settings[0], settings[1]
    for t in range(len(xs)):
        now = count + t
        for lag in range(len(bus)):
            places[lag] = (now - lag) % len(bus)
        for j in range(n_in):
            bus[places[0], j] = xs[t, j]
        for i in range(units):
            bus[places[0], n_in + i] = y[i]
        newest = features[now % len(features)]
        for g in range(len(head)):
            first = g * MANY
            last = min(first + MANY, units)
            _gather(bus, places, reads, lags, first, h)
            _expand(mix[g], shift[g], m, h)
            _keep(h, first, newest)
            told[:] = 0.0
            add_products(head[g], 0, 1, h, 0, q, told, 0)
            add_products(random[g], 0, 1, h, 0, q, told, 1)
            for i in range(first, last):
                said = skill[i] * told[0, i - first] + (1.0 - skill[i]) * told[1, i - first]
                y[i] = 3.0 * tanh(said / 3.0)
                if columns[0] >= 0:
                    ys[t, columns[0] + i] = 3.0 * tanh(told[1, i - first] / 3.0)
                if columns[1] >= 0:
                    ys[t, columns[1] + i] = y[i]
            if not rows[t] and columns[2] < 0:
                continue
            for i in range(first, last):
                due[i - first] = now - tau[i] >= settled
            _recall(features, tau, now, first, due, h)
            told[2:] = 0.0
            add_products(head[g], 0, 1, h, 0, q, told, 2)
            for i in range(first, last):
                told[2, i - first] = (
                    xs[t, channel[i]] - told[2, i - first] if due[i - first] else 0.0
                )
                if columns[2] >= 0:
                    ys[t, columns[2] + i] = told[2, i - first]
            if not rows[t]:
                continue
            change = left[g], right[g], growth[g]
            multiply(P[g], change, h, Ph)
            add_products(h, 0, 1, Ph, 0, q, told, 3)
            for lane in range(MANY):
                gain[0, lane] = -1.0 / (forgetting + told[3, lane])
                gain[1, lane] = -gain[0, lane] * told[2, lane]
            add_multiples(head[g], 0, Ph, 0, q, gain, 1, one)
            put_off(Ph, gain, due, forgetting, change)
            renew(P[g], change, told[3], trace, alpha, settings[4] * q / alpha)
            _round(head[g], y)
            for i in range(first, last):
                if due[i - first]:
                    c = np.float64(xs[t, channel[i]])
                    able = _judge(c, told[2, i - first], error, mean, spread, i, settings)
                    skill[i] = y.dtype.type(able)  # as precise as the model is
    for g in range(len(P)):
        settle(P[g], (left[g], right[g], growth[g]))


@inner
def _round(head: Any, like: Any) -> None:
    """Round a head to the precision of the model."""
    if like.itemsize == 4:
        flat = head.reshape(-1)
        for k in range(flat.size):
            flat[k] = like.dtype.type(flat[k])


def forecast_chunk(
    params: Any,
    state: Any,
    xs: Array,
    columns: Array,
    rows: Array | None = None,
    memory: tuple[Array, ...] | None = None,
    settings: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0),
) -> tuple[Any, Array]:
    """Return ``(state, ys)`` of forecasting units after a chunk; learn in place, if asked to.

    Parameters
    ----------
    params, state
        Those of the node. With `memory`, ``params.head`` and ``params.skill`` are changed in place.
    xs : ndarray, shape (n_steps, n_in)
        Input.
    columns : ndarray of int, shape (3,)
        The first columns of states, predictions and errors in ys; -1 for none.
    rows : ndarray of bool, shape (n_steps,), optional
        The steps to learn from.
    memory : tuple of ndarray, optional
        That of `nodes.rules.Forecast`; changed in place.
    settings : tuple of float
        Forgetting, alpha, fading, gate and wind-up.
    """
    units, learns = len(params.tau), memory is not None
    if memory is None:
        rows, memory = np.zeros(len(xs), bool), (np.empty((0, 0, 0)), *np.empty((3, 0)))
    drawn = params.reads, params.lags, params.channel, params.tau
    head, skill = abreast(params.head, MANY), params.skill.astype(float)
    weights = abreast(params.mix, MANY), abreast(params.shift, MANY), head
    bus, features, y = state.bus.copy(), state.features.copy(), state.y.copy()
    ys = np.empty((len(xs), units * int((columns >= 0).sum())), y.dtype)
    _forecast(y.dtype)(
        *map(np.ascontiguousarray, drawn),
        *weights,
        abreast(params.random, MANY),
        skill,
        bus,
        features,
        y,
        int(state.steps),
        np.ascontiguousarray(xs),
        rows,
        *memory,
        np.array(settings, dtype=float),
        columns,
        ys,
    )
    if learns:
        params.head[:], params.skill[:] = apart(head, params.head.shape), skill
    return type(state)(bus, features, y, np.array(state.steps + len(xs))), ys
