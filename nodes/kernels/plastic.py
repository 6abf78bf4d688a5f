"""A leaky reservoir over a chunk of one series, with weights that change at each step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.changing import (
    add,
    bring_back,
    changeable,
    changeable_type,
    scale,
    strengthen,
    tuple_of,
    with_changes,
)
from nodes.kernels.compiling import inner, kernel, read, types, write

__all__ = ["KINDS", "Growth", "Passage", "Tuning", "grow", "tune"]

_HEBB, _OJA, _BCM = range(3)
KINDS = {"hebb": _HEBB, "oja": _OJA, "bcm": _BCM}


class Passage(NamedTuple):
    """What a leaky reservoir goes through in a chunk; all numbers in arrays have one precision.

    ``x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + W_fb y[t-1] + bias + noise[t])``
    """

    leak: Array  # (units,), a
    code: int  # f, from `nodes.activations.CODES`
    xs: Array  # (n_steps, n_in), u
    feedback: Array | None  # (n_steps, n_fb), y[t-1]; without it W_fb is left out
    noise: Array | None  # (n_steps, units)
    rows: Array  # (n_steps,) bool: the steps after which weights change
    x: Array  # (units,), before the first step; it stays as it is


class Growth(NamedTuple):
    """What joins activities before and after a weight: a rule, as numbers."""

    kind: int  # one of `KINDS`
    rate: float  # below 0 for the opposite of the rule
    sliding: float  # of the threshold of BCM
    normalise: bool  # whether each row is brought back to its length
    recurrent: bool  # whether it is W that grows, or W_in


class Tuning(NamedTuple):
    """Intrinsic plasticity, as numbers."""

    rate: float
    mu: float
    sigma: float  # for tanh; 0 for sigmoid
    least: float  # gain


def _signature(f: Any, rule: tuple[Any, ...]) -> Any:
    """Return the types of W, W_in, W_fb, bias, rule, own, leak, code, series, rows, x and ys."""
    matrix, series = changeable_type(f), tuple_of(3 * (read(f, 2),))
    learned = matrix, matrix, matrix, write(f, 1), tuple_of(rule), write(types.float64, 1)
    rows = read(types.boolean, 1)
    return types.void(*learned, read(f, 1), types.int64, series, rows, write(f, 1), write(f, 2))


@inner
def _drive(W: Any, W_in: Any, W_fb: Any, series: Any, t: Any, state: Any, drive: Any) -> None:
    """Set `drive` to what comes in through weights."""
    xs, fb, _ = series
    drive[:] = 0
    add(W, state, drive)
    add(W_in, xs[t], drive)
    if len(fb) > 0:
        add(W_fb, fb[t], drive)


@inner
def _fire(drive: Any, bias: Any, code: Any, noise: Any, t: Any) -> None:
    """Turn what comes in through weights into activity."""
    for i in range(drive.size):
        drive[i] += bias[i]
    if len(noise) > 0:
        for i in range(drive.size):
            drive[i] += noise[t, i]
    activate(code, drive)


@inner
def _leak(activity: Any, leak: Any, state: Any, y: Any) -> None:
    """Move `state` towards `activity`, and copy it to `y`."""
    for i in range(state.size):
        state[i] = (state.dtype.type(1) - leak[i]) * state[i] + leak[i] * activity[i]
        y[i] = state[i]


@inner
def _weigh(rule: Any, y: Any, own: Any, strength: Any, decay: Any) -> None:
    """Set how much each unit learns, and let the thresholds `own` of BCM slide."""
    kind, rate, sliding = rule[:3]
    for i in range(y.size):
        post = np.float64(y[i])
        decay[i] = post if kind == _OJA else 0.0
        strength[i] = rate * post * (post - own[i] if kind == _BCM else 1.0)
        if kind == _BCM:
            own[i] += sliding * (post * post - own[i])


@kernel(lambda f: _signature(f, (types.int64, *2 * [types.float64], *2 * [types.boolean])))
def _grow(
    W: Any,
    W_in: Any,
    W_fb: Any,
    bias: Any,
    rule: Any,
    own: Any,
    leak: Any,
    code: Any,
    series: Any,
    rows: Any,
    state: Any,
    ys: Any,
) -> None:
    xs, _, noise = series
    normalise, recurrent = rule[3:]
    drive, before, factors = np.empty_like(state), np.empty_like(state), np.empty_like(state)
    strength, decay = np.empty_like(state), np.empty_like(state)
    for t in range(len(xs)):
        before[:] = state
        _drive(W, W_in, W_fb, series, t, state, drive)
        _fire(drive, bias, code, noise, t)
        _leak(drive, leak, state, ys[t])
        if rows[t]:
            _weigh(rule, state, own, strength, decay)
            if recurrent:
                strengthen(W, before, strength, decay)
            else:
                strengthen(W_in, xs[t], strength, decay)
            if normalise:
                bring_back(W if recurrent else W_in, own, factors)


@inner
def _pull(y: Any, mu: Any, sigma: Any) -> Any:
    """Return ``db / rate`` of `nodes.rules.IntrinsicPlasticity`, for sigmoid if sigma is 0."""
    if sigma == 0:
        return 1 - (2 + 1 / mu) * y + y * y / mu
    s2 = sigma * sigma
    return (mu - y * (2 * s2 + 1 - y * y + mu * y)) / s2


@kernel(lambda f: _signature(f, (*4 * [types.float64],)))
def _tune(
    W: Any,
    W_in: Any,
    W_fb: Any,
    bias: Any,
    rule: Any,
    gain: Any,
    leak: Any,
    code: Any,
    series: Any,
    rows: Any,
    state: Any,
    ys: Any,
) -> None:
    xs, _, noise = series
    rate, mu, sigma, least = rule
    drive, activity, ratio = np.empty_like(state), np.empty_like(state), np.empty_like(state)
    for t in range(len(xs)):
        _drive(W, W_in, W_fb, series, t, state, drive)
        activity[:] = drive
        _fire(activity, bias, code, noise, t)
        _leak(activity, leak, state, ys[t])
        if not rows[t]:
            continue
        if len(noise) > 0:  # the rule looks at what the unit would do without
            activity[:] = drive
            _fire(activity, bias, code, noise[:0], t)
        for i in range(state.size):
            shift = rate * _pull(np.float64(activity[i]), mu, sigma)
            moved = gain[i] + rate / gain[i] + shift * (drive[i] / gain[i])
            moved = least if moved < least else moved
            ratio[i] = moved / gain[i]
            gain[i] = moved
            bias[i] += state.dtype.type(shift)
        scale(W, ratio)
        scale(W_in, ratio)
        scale(W_fb, ratio)


def grow(params: Any, passage: Passage, growth: Growth, own: Array) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk in which W or W_in grows, and thresholds in `own` move.

    With ``post = x[t]``, and ``pre`` being x[t-1] or the input u[t]::

        hebb  dW_ij = rate post_i pre_j
        oja   dW_ij = rate post_i (pre_j - post_i W_ij)
        bcm   dW_ij = rate post_i (post_i - own_i) pre_j;  own_i += sliding (post_i^2 - own_i)

    Parameters
    ----------
    params : NamedTuple
        W, W_in and W_fb, dense or sparse, and bias. They stay as they are.
    passage : Passage
    growth : Growth
    own : ndarray, shape (units,)
        Thresholds of BCM, or lengths of rows to normalise, float64.
    """
    learned = ("W",) if growth.recurrent else ("W_in",)
    return _learned(_grow, params, learned, passage, growth, own)


def tune(params: Any, passage: Passage, tuning: Tuning, gain: Array) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk of intrinsic plasticity, which changes `gain` in place.

    The equations are those of `nodes.rules.IntrinsicPlasticity`.

    Parameters
    ----------
    params : NamedTuple
        W, W_in and W_fb, dense or sparse, and bias. They stay as they are.
    passage : Passage
    tuning : Tuning
    gain : ndarray, shape (units,)
        float64.
    """
    return _learned(_tune, params, ("W", "W_in", "W_fb"), passage, tuning, gain)


def _learned(
    loop: Any,
    params: Any,
    learned: tuple[str, ...],
    passage: Passage,
    rule: tuple[Any, ...],
    own: Array,
) -> tuple[Any, Array]:
    bias, state, xs = np.array(params.bias), np.array(passage.x), passage.xs
    none = np.empty((0, 0), bias.dtype)
    given = xs, *(none if rows is None else rows for rows in (passage.feedback, passage.noise))
    _check(params, passage, given, own)
    series = tuple(np.ascontiguousarray(rows) for rows in given)
    weights = {name: changeable(getattr(params, name)) for name in ("W", "W_in", "W_fb")}
    ys = np.empty((len(xs), bias.size), bias.dtype)
    moving = passage.leak, passage.code, series, np.ascontiguousarray(passage.rows), state, ys
    loop(bias.dtype)(*weights.values(), bias, tuple(rule), own, *moving)
    changed = {name: with_changes(getattr(params, name), weights[name]) for name in learned}
    return params._replace(**changed, bias=bias), ys


def _check(params: Any, passage: Passage, series: tuple[Array, ...], own: Array) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    n, (xs, fb, noise) = params.bias.size, series
    rows = [params.bias, passage.leak, passage.x, own]
    fits = [row.shape == (n,) for row in rows] + [passage.rows.shape == (len(xs),)]
    fits += [params.W.shape == (n, n), params.W_in.shape == (n, xs.shape[1])]
    fits += [passage.feedback is None or fb.shape == (len(xs), params.W_fb.shape[1])]
    fits += [passage.noise is None or noise.shape == (len(xs), n), params.W_fb.shape[0] == n]
    if not all(fits):
        raise DataError("plasticity: the shapes of weights, rows and series do not fit each other")
