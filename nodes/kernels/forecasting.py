"""A population of units that forecast their inputs, over a chunk of steps, 16 units abreast."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodes.kernels.abreast import MANY, abreast, add_multiples, add_products, apart
from nodes.kernels.compiling import inner, kernel, signature, step, taken
from nodes.kernels.correlations import multiply, put_off, renew, settle
from nodes.kernels.populations import Laid, Loop
from nodes.kernels.scalars import tanh

__all__ = ["FORECASTING"]

_TINY = 2.2250738585072014e-308


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


_LAYOUT = "i2 i2 i1 i1 d3 d3 d3! d3 d1! f2! f3! f1! i1! d3! d1! d1! d1! d1 i1 b1 f2< f2>"


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
    steps: Any,
    P: Any,
    error: Any,
    mean: Any,
    spread: Any,
    settings: Any,
    columns: Any,
    rows: Any,
    xs: Any,
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
        now = steps[0] + t
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
    steps[0] += len(xs)


@inner
def _round(head: Any, like: Any) -> None:
    """Round a head to the precision of the model."""
    if like.itemsize == 4:
        flat = head.reshape(-1)
        for k in range(flat.size):
            flat[k] = like.dtype.type(flat[k])


_one = inner(_forecast)


@step
def _step(args: Any, io: Any, like: Any) -> None:
    _one(*taken(args, io, _LAYOUT, like))


def _lay(node: Any, params: Any, state: Any, rule: Any = None, memory: Any = None) -> Laid:
    """Lay out a `nodes.forward.forecast.ForecastUnit`; `rule` is a `nodes.rules.Forecast`."""
    head, skill = abreast(params.head, MANY), params.skill.astype(float)
    moving = *(part.copy() for part in state[:3]), state.steps.reshape(1).copy()
    arrays = (
        *(np.ascontiguousarray(drawn) for drawn in params[:4]),
        abreast(params.mix, MANY),
        abreast(params.shift, MANY),
        head,
        abreast(params.random, MANY),
        skill,
        *moving,
        *((np.empty((0, 0, 0)), *np.empty((3, 0))) if rule is None else memory),
        np.array((1.0,) * 5 if rule is None else rule.settings, float),
        node.columns(),
    )

    def final(moving: Any) -> Any:
        *moved, steps = moving
        return type(state)(*moved, steps.reshape(()))

    def learned() -> None:
        params.head[:], params.skill[:] = apart(head, params.head.shape), skill

    return Laid(arrays, moving, final, learned)


FORECASTING = Loop(_lay, kernel(signature(_LAYOUT))(_forecast), _step)
