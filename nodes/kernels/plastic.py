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
    strengthen_in_turn,
    tuple_of,
    with_changes,
)
from nodes.kernels.compiling import inner, kernel, read, types, write

__all__ = ["KINDS", "Growth", "Passage", "Tuning", "grow", "tune"]

_HEBB, _ANTI, _OJA, _SANGER, _BCM = range(5)
KINDS = {"hebb": _HEBB, "anti": _ANTI, "oja": _OJA, "sanger": _SANGER, "bcm": _BCM}


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
    rate: float
    sliding: float  # of the threshold of BCM
    recurrent: bool  # whether it is W that grows, or W_in
    squares: bool  # whether a length is the root of squares, or the sum of sizes
    lengths: Array  # (units,) to which rows are brought back, float64; (0,) for none


class Tuning(NamedTuple):
    """Intrinsic plasticity, as numbers."""

    rate: float
    mu: float
    sigma: float  # for tanh; 0 for sigmoid
    least: float  # gain
    most: float


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
def _pace(rate: Any, most: Any) -> Any:
    """Return the rate, held so low that ``rate * most`` is at most 1."""
    return 1.0 / most if rate * most > 1.0 else rate


@inner
def _weigh(rule: Any, y: Any, pre: Any, own: Any, strength: Any, decay: Any) -> None:
    """Set how much each unit learns, and let the thresholds `own` of BCM slide."""
    kind, rate, sliding = rule[:3]
    heard, given = 0.0, 0.0
    for j in range(pre.size):
        heard += np.float64(pre[j]) * np.float64(pre[j])
    for i in range(y.size):
        post, decay[i] = np.float64(y[i]), 0.0
        given += post * post
        if kind == _HEBB:
            strength[i] = rate * post
        elif kind == _ANTI:
            strength[i] = -_pace(rate, heard) * post
        elif kind == _OJA:
            strength[i], decay[i] = _pace(rate, post * post) * post, post
        elif kind == _SANGER:
            strength[i] = _pace(rate, given) * post
        else:
            over = post - own[i]
            strength[i] = _pace(rate, abs(over) * heard) * post * over
            own[i] += sliding * (post * post - own[i])


@inner
def _change(W: Any, pre: Any, rule: Any, y: Any, own: Any, scratch: Any) -> None:
    """Let one matrix grow, and bring its rows back if they are to keep a length."""
    strength, decay, left = scratch
    _weigh(rule, y, pre, own, strength, decay)
    if rule[0] == _SANGER:
        strengthen_in_turn(W, pre, strength, y, left[: pre.size])
    else:
        strengthen(W, pre, strength, decay)
    if rule[5].size > 0:
        bring_back(W, rule[5], rule[4], decay)


_GROWTH = types.int64, *2 * (types.float64,), *2 * (types.boolean,), read(types.float64, 1)


@kernel(lambda f: _signature(f, _GROWTH))
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
    drive, before = np.empty_like(state), np.empty_like(state)
    left = np.empty(max(state.size, xs.shape[1]), state.dtype)
    scratch = np.empty_like(state), np.empty_like(state), left
    for t in range(len(xs)):
        before[:] = state
        _drive(W, W_in, W_fb, series, t, state, drive)
        _fire(drive, bias, code, noise, t)
        _leak(drive, leak, state, ys[t])
        if not rows[t]:
            continue
        if rule[3]:
            _change(W, before, rule, state, own, scratch)
        else:
            _change(W_in, xs[t], rule, state, own, scratch)


@inner
def _pull(y: Any, mu: Any, sigma: Any) -> Any:
    """Return ``db / rate`` of `nodes.rules.IntrinsicPlasticity`, for sigmoid if sigma is 0."""
    if sigma == 0:
        return 1 - (2 + 1 / mu) * y + y * y / mu
    s2 = sigma * sigma
    return (mu - y * (2 * s2 + 1 - y * y + mu * y)) / s2


@kernel(lambda f: _signature(f, (*5 * [types.float64],)))
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
    rate, mu, sigma, least, most = rule
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
            moved = min(max(moved, least), most)
            ratio[i] = moved / gain[i]
            gain[i] = moved
            bias[i] += state.dtype.type(shift)
        scale(W, ratio)
        scale(W_in, ratio)
        scale(W_fb, ratio)


def grow(params: Any, passage: Passage, growth: Growth, own: Array) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk in which W or W_in grows, and thresholds in `own` move.

    With ``post = x[t]``, and ``pre`` being x[t-1] or the input u[t]::

        hebb    dW_ij = rate post_i pre_j
        anti    dW_ij = -rate post_i pre_j, at a rate of at most 1 / |pre|^2
        oja     dW_ij = rate post_i (pre_j - post_i W_ij), at most 1 / post_i^2
        sanger  dW_ij = rate post_i (pre_j - sum_{k <= i} post_k W_kj),
                at most 1 / sum_{k <= i} post_k^2
        bcm     dW_ij = rate post_i (post_i - own_i) pre_j, at most 1 / (|post_i - own_i| |pre|^2);
                own_i += sliding (post_i^2 - own_i)

    Parameters
    ----------
    params : NamedTuple
        W, W_in and W_fb, dense or sparse, and bias. They stay as they are.
    passage : Passage
    growth : Growth
    own : ndarray, shape (units,)
        Thresholds of BCM, float64.
    """
    learned = ("W",) if growth.recurrent else ("W_in",)
    if growth.lengths.size and growth.lengths.shape != params.bias.shape:
        raise DataError("plasticity: lengths need one number for each unit, or none at all")
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
