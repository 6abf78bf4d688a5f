"""A leaky reservoir over a chunk of one series, with weights that change at each step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.changing import add, changeable, changeable_type, tuple_of, with_changes
from nodes.kernels.compiling import inner, read, types, write

__all__ = ["Passage", "fire", "gone_through", "hear", "settle", "signature"]


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


def signature(f: Any, rule: tuple[Any, ...]) -> Any:
    """Return the types of weights, bias, rule, own, leak, code, series, rows, x and ys."""
    weights, series = tuple_of(3 * (changeable_type(f),)), tuple_of(3 * (read(f, 2),))
    learned = weights, write(f, 1), tuple_of(rule), write(types.float64, 1)
    rows = read(types.boolean, 1)
    return types.void(*learned, read(f, 1), types.int64, series, rows, write(f, 1), write(f, 2))


@inner
def hear(weights: Any, series: Any, t: Any, state: Any, drive: Any) -> None:
    """Set `drive` to what comes in through weights."""
    (W, W_in, W_fb), (xs, fb, _) = weights, series
    drive[:] = 0
    add(W, state, drive)
    add(W_in, xs[t], drive)
    if len(fb) > 0:
        add(W_fb, fb[t], drive)


@inner
def fire(drive: Any, bias: Any, code: Any, noise: Any, t: Any) -> None:
    """Turn what comes in through weights into activity."""
    for i in range(drive.size):
        drive[i] += bias[i]
    if len(noise) > 0:
        for i in range(drive.size):
            drive[i] += noise[t, i]
    activate(code, drive)


@inner
def settle(activity: Any, leak: Any, state: Any, y: Any) -> None:
    """Move `state` towards `activity`, and copy it to `y`."""
    for i in range(state.size):
        state[i] = (state.dtype.type(1) - leak[i]) * state[i] + leak[i] * activity[i]
        y[i] = state[i]


def gone_through(
    loop: Any,
    params: Any,
    learned: tuple[str, ...],
    passage: Passage,
    rule: tuple[Any, ...],
    own: Array,
) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk in a compiled loop of `signature`."""
    bias, state, xs = np.array(params.bias), np.array(passage.x), passage.xs
    none = np.empty((0, 0), bias.dtype)
    given = xs, *(none if rows is None else rows for rows in (passage.feedback, passage.noise))
    _check(params, passage, given, own)
    series = tuple(np.ascontiguousarray(rows) for rows in given)
    weights = {name: changeable(getattr(params, name)) for name in ("W", "W_in", "W_fb")}
    ys = np.empty((len(xs), bias.size), bias.dtype)
    moving = passage.leak, passage.code, series, np.ascontiguousarray(passage.rows), state, ys
    loop(bias.dtype)(tuple(weights.values()), bias, tuple(rule), own, *moving)
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
