"""A layer that learns by goodness over a chunk: `nodes.rules.ForwardForward`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.chance import chance
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.descent import add_outer, clock_type, descend, pace_type, tick
from nodes.kernels.layer import look, require_layer, respond
from nodes.kernels.products import LANES
from nodes.kernels.scalars import sigmoid

__all__ = ["goodness_chunk"]

_RELU = 2  # its code in nodes.activations


@inner
def _gather(z: Any, y: Any, sign: Any, theta: Any, total: Any, total_bias: Any, delta: Any) -> None:
    """Add the gradient of one row to the sums."""
    g = 0.0
    for i in range(y.size):
        g += np.float64(y[i]) * y[i]
    pull = -sign * sigmoid(-sign * (g / y.size - theta)) * (2.0 / y.size)
    for i in range(y.size):
        delta[i] = pull * y[i]
        total_bias[i] += delta[i]
    add_outer(total, delta, z)


@inner
def _mix(x: Any, rows: Any, count: Any, mixed: Any) -> None:
    """Set `mixed` to x with about half of its signals from one of the rows kept before."""
    words = 2 + (x.size - 1) // 64
    among = np.uint64(min(count, len(rows)))
    back = 1 + np.int64(chance(count * words) % among)
    other = rows[(count - back) % len(rows)]
    for j in range(x.size):
        bits = chance(count * words + 1 + j // 64) >> np.uint64(j % 64)
        mixed[j] = other[j] if bits & np.uint64(1) else x[j]


def _signature(f: Any) -> Any:
    held = write(types.float64, 3), write(types.float64, 2)
    memory = (*held, *clock_type, write(types.int64, 1), write(types.float64, 2))
    weights = write(f, 2), write(f, 1)
    signs = read(types.float64, 1)
    return types.void(read(f, 2), signs, *weights, *memory, types.float64, pace_type, write(f, 2))


@kernel(_signature)
def _learn(
    xs: Any,
    signs: Any,
    W: Any,
    bias: Any,
    held: Any,
    held_bias: Any,
    passed: Any,
    powers: Any,
    seen: Any,
    rows: Any,
    theta: Any,
    pace: Any,
    ys: Any,
) -> None:
    n, n_in = W.shape
    lanes, z, mixed = np.empty(LANES, W.dtype), np.empty(n_in, W.dtype), np.empty(n_in, W.dtype)
    y, delta = np.empty(n, W.dtype), np.empty(n)
    for t in range(len(xs)):
        look(xs[t], True, lanes, z)
        respond(z, W, bias, _RELU, lanes, ys[t])
        sign, count = signs[t], seen[0]
        if sign == 0:
            continue
        shuffles = len(rows) > 0
        if shuffles and count == 0:
            rows[0] = xs[t]
            seen[0] = 1
            continue
        _gather(z, ys[t], sign, theta, held[0], held_bias[0], delta)
        seen[0 if sign > 0 else 1] += 1
        if shuffles:
            _mix(xs[t], rows, count, mixed)
            rows[count % len(rows)] = xs[t]
            look(mixed, True, lanes, z)
            respond(z, W, bias, _RELU, lanes, y)
            _gather(z, y, -1.0, theta, held[0], held_bias[0], delta)
            seen[1] += 1
        if tick(passed, powers, pace):
            flat = held.reshape(3, -1)
            descend(W.reshape(-1), flat[0], flat[1], flat[2], powers, pace)
            descend(bias, held_bias[0], held_bias[1], held_bias[2], powers, pace)


def goodness_chunk(
    xs: Array, signs: Array, params: Any, memory: Any, theta: float, pace: Array
) -> Array:
    """Return the outputs of a chunk; the arrays of `params` and `memory` are changed in place.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
    signs : ndarray, shape (n_steps,)
        1 for positive rows, -1 for negative ones, 0 for those not to be learned from.
    params : NamedTuple
        W_in and bias.
    memory : NamedTuple
        That of `nodes.rules.ForwardForward`.
    theta : float
    pace : ndarray, shape (3,)
        Rate, batch and decay.
    """
    require_layer(xs, *params)
    ys = np.empty((len(xs), params.bias.size), params.bias.dtype)
    held = memory.W_in, memory.bias, memory.clock.rows.reshape(1), memory.clock.powers
    rows = np.ascontiguousarray(xs)
    _learn(ys.dtype)(rows, signs, *params, *held, memory.seen, memory.rows, theta, pace, ys)
    return ys
