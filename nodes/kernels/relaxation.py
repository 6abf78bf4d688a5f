"""Predictive coding over a chunk of steps: `nodes.PredictiveCoder` and its rule, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.scalars import tanh

__all__ = ["coder_chunk"]

_TANH = 1  # its code in nodes.activations
_PREDICTION, _ERROR, _FORECAST = 1, 2, 3


@inner
def _apply(code: Any, v: Any, f: Any) -> None:
    for i in range(v.size):
        f[i] = tanh(v[i]) if code == _TANH else v[i]


@inner
def _multiply(W: Any, f: Any, y: Any) -> None:
    """Set ``y = W f``."""
    for i in range(y.size):
        total = y.dtype.type(0)
        for j in range(f.size):
            total += W[i, j] * f[j]
        y[i] = total


@inner
def _errors(C: Any, precision: Any, x: Any, f: Any, weighted: Any) -> Any:
    """Set `weighted` to ``precision (x - C f)``; return their product with the errors."""
    _multiply(C, f, weighted)
    total = weighted.dtype.type(0)
    for k in range(x.size):
        error = x[k] - weighted[k]
        weighted[k] = precision[k] * error
        total += weighted[k] * error
    return total


@inner
def _curvature(C: Any, precision: Any, prior: Any, D: Any) -> Any:
    """Set `D` to its part that does not depend on the causes; return the largest precision."""
    D[:] = prior
    largest = precision.dtype.type(0)
    for k in range(len(C)):
        total = precision.dtype.type(0)
        for i in range(D.size):
            total += abs(C[k, i])
        for j in range(D.size):
            D[j] += abs(C[k, j]) * (precision[k] * total)
        largest = max(largest, precision[k])
    return largest


@inner
def _relax(C: Any, precision: Any, x: Any, p: Any, how: Any, v: Any, rooms: Any) -> None:
    """Set `v` to the causes that settle from `p`, and f to what they give."""
    f, weighted, D = rooms
    code, _, steps, prior_precision = how
    dtype = v.dtype.type
    one, prior = dtype(1), dtype(prior_precision)
    largest = _curvature(C, precision, prior, D)
    v[:] = p
    _apply(code, v, f)
    start = _errors(C, precision, x, f, weighted)
    if code == _TANH:
        most = dtype(0.77) * np.sqrt(start * largest)
        for j in range(v.size):
            total = dtype(0)
            for k in range(x.size):
                total += C[k, j] * C[k, j]
            D[j] += np.sqrt(total) * most
    for step in range(steps):
        if step > 0:
            _errors(C, precision, x, f, weighted)
        for j in range(v.size):
            pull = dtype(0)
            for k in range(x.size):
                pull += C[k, j] * weighted[k]
            if code == _TANH:
                pull *= one - f[j] * f[j]
            v[j] += (pull - prior * (v[j] - p[j])) / D[j]
        _apply(code, v, f)


@inner
def _give(C: Any, A: Any, x: Any, state: Any, how: Any, y: Any, f: Any, room: Any) -> None:
    v, p, _ = state
    code, gives = how[0], how[1]
    if gives == _PREDICTION:
        _multiply(C, f, y)
    elif gives == _ERROR:
        _apply(code, p, room)
        _multiply(C, room, y)
        for k in range(x.size):
            y[k] = x[k] - y[k]
    elif gives == _FORECAST:
        _multiply(A, f, room)
        _apply(code, room, room)
        _multiply(C, room, y)
    else:
        y[:] = v


@inner
def _nearer(W: Any, total: Any, power: Any, pace: Any, rows: Any) -> None:
    for i in range(len(W)):
        for j in range(W.shape[1]):
            step = total[i, j] / rows / (1 + power / rows)
            W[i, j] += pace[0] * (step - pace[1] * W[i, j])
            total[i, j] = 0


@inner
def _doubt(C: Any, precision: Any, f: Any, code: Any, prior: Any, H: Any) -> None:
    """Set `H` to how certain each cause is."""
    for j in range(f.size):
        slope = 1.0 - np.float64(f[j]) * f[j] if code == _TANH else 1.0
        total = prior
        for k in range(len(C)):
            s = C[k, j] * slope
            total += precision[k] * (s * s)
        H[j] = total / (slope * slope) if slope != 0 else np.inf


@inner
def _learn(
    weights: Any, x: Any, state: Any, f: Any, code: Any, memory: Any, pace: Any, H: Any
) -> None:
    C, A, precision = weights
    v, p, before = state
    of_C, of_A, power, variance, updates = memory
    if pace[4] > 0:
        _doubt(C, precision, f, code, pace[7], H)
    for k in range(x.size):
        said = C.dtype.type(0)
        for j in range(f.size):
            said += C[k, j] * f[j]
        error = x[k] - said
        pull = precision[k] * error
        for j in range(f.size):
            of_C[k, j] += pull * f[j]
        if pace[4] > 0:
            square = np.float64(error) * error
            for j in range(f.size):
                square += np.float64(C[k, j]) * C[k, j] / H[j]
            variance[k] += pace[3] * (square - variance[k])
            precision[k] = 1.0 / (variance[k] + pace[6])
    for i in range(v.size):
        for j in range(before.size):
            of_A[i, j] += (v[i] - p[i]) * before[j]
    power[0] += 1
    for j in range(f.size):
        power[1] += f[j] * f[j]
    for j in range(before.size):
        power[2] += before[j] * before[j]
    if power[0] < pace[2]:
        return
    _nearer(C, of_C, power[1], pace, power[0])
    _nearer(A, of_A, power[2], pace, power[0])
    length = 0.0
    for i in range(len(A)):
        for j in range(A.shape[1]):
            length += np.float64(A[i, j]) * A[i, j]
    most = pace[5] * np.sqrt(len(A))
    if np.sqrt(length) > most:
        A *= A.dtype.type(most / np.sqrt(length))
    power[:] = 0
    updates[0] += 1


def _signature(f: Any) -> Any:
    tuple_of: Any = types.Tuple
    weights = tuple_of((write(f, 2), write(f, 2), write(f, 1)))
    state = tuple_of((write(f, 1),) * 3)
    how = tuple_of((types.int64, types.int64, types.int64, types.float64))
    d = types.float64
    memory = tuple_of((write(d, 2), write(d, 2), write(d, 1), write(d, 1), write(types.int64, 1)))
    learning = read(types.boolean, 1), memory, read(d, 1)
    return types.void(weights, state, read(f, 2), read(f, 2), how, *learning, write(f, 2))


@kernel(_signature)
def _chunk(
    weights: Any,
    state: Any,
    xs: Any,
    prior: Any,
    how: Any,
    rows: Any,
    memory: Any,
    pace: Any,
    ys: Any,
) -> None:
    C, A, precision = weights
    v, p, before = state
    f, D, room = np.empty_like(v), np.empty_like(v), np.empty_like(v)
    weighted, H = np.empty(xs.shape[1], v.dtype), np.empty(v.size)
    for t in range(len(xs)):
        if before.size > 0:
            _apply(how[0], v, before)
        _multiply(A, before, p)
        if len(prior) > 0:
            p += prior[t]
        _relax(C, precision, xs[t], p, how, v, (f, weighted, D))
        _give(C, A, xs[t], state, how, ys[t], f, room)
        if rows[t]:
            _learn(weights, xs[t], state, f, how[0], memory, pace, H)


def coder_chunk(
    params: Any,
    state: Any,
    xs: Array,
    prior: Array | None,
    how: tuple[int, int, int, float],
    learning: tuple[Array, Any, Array] | None = None,
) -> tuple[Any, Array]:
    """Return ``(state, ys)`` after a chunk.

    Parameters
    ----------
    params, state
        Those of a `nodes.PredictiveCoder`; if it learns, `params` are changed in place.
    xs : ndarray, shape (n_steps, n_in)
    prior : ndarray, shape (n_steps, n), optional
    how : tuple
        See `nodes.PredictiveCoder.how`.
    learning : tuple, optional
        Which rows to learn from, the memory of `nodes.rules.PredictiveCoding`, changed in place,
        and its numbers: rate, decay, batch, fading, attention, longest A, least variance, prior
        precision.
    """
    C, dtype, n = params.C, params.C.dtype, len(state.v)
    given = np.empty((0, n), dtype) if prior is None else np.ascontiguousarray(prior)
    if C.shape != (xs.shape[1], n) or given.shape[1] != n or len(params.A) != n:
        raise DataError(
            f"predictive coding: C of shape {C.shape} does not fit rows of shape {xs.shape} and "
            f"{n} causes"
        )
    if learning is None:
        weights = tuple(np.array(w, order="C") for w in params)
        none = np.empty((0, 0)), np.empty((0, 0)), np.empty(0), np.empty(0), np.empty(0, np.int64)
        rows, memory, pace = np.zeros(len(xs), bool), none, np.empty(0)
    else:
        rows, held, pace = learning
        weights, memory = tuple(params), (*held[:4], held.updates.reshape(1))
    moving = tuple(np.array(part) for part in state)
    ys = np.empty((len(xs), n if how[1] == 0 else xs.shape[1]), dtype)
    steps = np.ascontiguousarray(xs)
    _chunk(dtype)(weights, moving, steps, given, how, rows, memory, pace, ys)
    return type(state)(*moving), ys
