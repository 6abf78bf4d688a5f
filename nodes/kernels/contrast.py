"""A layer that learns by contrast over a chunk: `nodes.rules.InfoNCE`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.chance import chance
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.descent import descend, tick
from nodes.kernels.layer import require_layer, respond
from nodes.kernels.products import LANES
from nodes.kernels.scalars import exp

__all__ = ["contrast_chunk"]

_TANH = 1  # its code in nodes.activations


@inner
def _contrast(ys: Any, M: Any, scores: Any, told: Any, mean: Any, dy: Any) -> None:
    """Set `scores` to c, and `dy` to the gradient for each row: a past, a present, others."""
    a, n = ys[0], M.shape[0]
    for i in range(n):
        told[i] = 0
        for j in range(n):
            told[i] += M[i, j] * a[j]
    highest = -np.inf
    for k in range(scores.size):
        scores[k] = 0
        for i in range(n):
            scores[k] += ys[k + 1, i] * told[i]
        highest = max(highest, scores[k])
    total = 0.0
    for k in range(scores.size):
        scores[k] = exp(scores[k] - highest)
        total += scores[k]
    for k in range(scores.size):
        scores[k] /= total
    scores[0] -= 1
    mean[:] = 0
    for k in range(scores.size):
        for i in range(n):
            mean[i] += scores[k] * ys[k + 1, i]
            dy[k + 1, i] = scores[k] * told[i]
    dy[0] = 0
    for i in range(n):
        for j in range(n):
            dy[0, j] += M[i, j] * mean[i]


@inner
def _gather(xs: Any, ys: Any, mean: Any, dy: Any, of_W: Any, of_bias: Any, of_M: Any) -> None:
    """Add this step's gradients to their sums."""
    for k in range(len(ys)):
        for i in range(ys.shape[1]):
            delta = dy[k, i] * (1.0 - np.float64(ys[k, i]) * ys[k, i])
            of_bias[0, i] += delta
            row = of_W[0, i]
            for j in range(xs.shape[1]):
                row[j] += delta * xs[k, j]
    for i in range(ys.shape[1]):
        for j in range(ys.shape[1]):
            of_M[0, i, j] += mean[i] * ys[0, j]


@inner
def _recall(rows: Any, count: Any, ahead: Any, xs: Any) -> None:
    """Set `xs` to a past, the present, and rows of other times."""
    size, negatives = len(rows), len(xs) - 2
    among = np.uint64(min(count, size - 1))
    xs[0] = rows[(count - ahead) % size]
    xs[1] = rows[count % size]
    for i in range(negatives):
        back = 1 + np.int64(chance(count * negatives + i) % among)
        xs[i + 2] = rows[(count - back) % size]


@inner
def _descend(w: Any, held: Any, powers: Any, how: Any) -> None:
    flat = held.reshape(3, -1)
    descend(w.reshape(-1), flat[0], flat[1], flat[2], powers, how)


def _signature(f: Any) -> Any:
    tuple_of: Any = types.Tuple
    d = types.float64
    weights = tuple_of((write(f, 2), write(f, 1), write(d, 2)))
    held = tuple_of((write(d, 3), write(d, 2), write(d, 3)))
    counts = tuple_of((write(d, 1), write(d, 1), write(types.int64, 1)))
    learned = read(types.boolean, 1)
    return types.void(
        read(f, 2), learned, weights, held, counts, write(d, 2), read(d, 1), write(f, 2)
    )


@kernel(_signature)
def _learn(
    series: Any,
    learned: Any,
    weights: Any,
    held: Any,
    counts: Any,
    rows: Any,
    how: Any,
    outputs: Any,
) -> None:
    W, bias, M = weights
    of_W, of_bias, of_M = held
    passed, powers, seen = counts
    n, n_in, ahead, many = len(W), W.shape[1], np.int64(how[3]), np.int64(how[4]) + 2
    lanes, told, mean = np.empty(LANES, W.dtype), np.empty(n), np.empty(n)
    xs, ys, dy = np.empty((many, n_in), W.dtype), np.empty((many, n), W.dtype), np.empty((many, n))
    scores = np.empty(many - 1)
    for t in range(len(series)):
        respond(series[t], W, bias, _TANH, lanes, outputs[t])
        if not learned[t]:
            continue
        count = seen[0]
        rows[count % len(rows)] = series[t]
        seen[0] += 1
        if count < ahead:
            continue
        _recall(rows, count, ahead, xs)
        for k in range(many):
            respond(xs[k], W, bias, _TANH, lanes, ys[k])
        _contrast(ys, M, scores, told, mean, dy)
        _gather(xs, ys, mean, dy, of_W, of_bias, of_M)
        if tick(passed, powers, how):
            _descend(W, of_W, powers, how)
            _descend(bias, of_bias, powers, how)
            _descend(M, of_M, powers, how)


def contrast_chunk(xs: Array, rows: Array, params: Any, memory: Any, how: Array) -> Array:
    """Return the outputs of a chunk; the arrays of `params` and `memory` are changed in place.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
    rows : ndarray of bool, shape (n_steps,)
        The steps to learn from.
    params : NamedTuple
        W_in and bias.
    memory : NamedTuple
        That of `nodes.rules.InfoNCE`.
    how : ndarray, shape (5,)
        Rate, batch, decay, ahead and negatives.
    """
    require_layer(xs, *params)
    ys = np.empty((len(xs), params.bias.size), params.bias.dtype)
    weights, held = (*params, memory.M), (memory.W_in, memory.bias, memory.held)
    counts = memory.clock.rows.reshape(1), memory.clock.powers, memory.seen.reshape(1)
    series = np.ascontiguousarray(xs)
    _learn(ys.dtype)(series, rows, weights, held, counts, memory.rows, how, ys)
    return ys
