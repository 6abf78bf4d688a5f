"""A recurrent cell that learns forward in time, over a chunk: `nodes.PredictiveCell`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.descent import descend, tick
from nodes.kernels.products import LANES, dot
from nodes.kernels.scalars import tanh

__all__ = ["cell_chunk"]


@inner
def _foresee(V: Any, offset: Any, h: Any, lanes: Any, said: Any) -> None:
    for k in range(said.size):
        said[k] = dot(V[k], h, lanes) + offset[k]


@inner
def _move(W: Any, W_in: Any, bias: Any, a: Any, x: Any, h: Any, fired: Any, lanes: Any) -> None:
    """Set `fired` to the tanh of what drives the units, and move `h` on."""
    for i in range(h.size):
        fired[i] = dot(W[i], h, lanes) + dot(W_in[i], x, lanes) + bias[i]
    for i in range(h.size):
        fired[i] = tanh(fired[i])
    one = h.dtype.type(1)
    for i in range(h.size):
        h[i] = (one - a) * h[i] + a * fired[i]


@inner
def _blame(weights: Any, before: Any, e: Any, memory: Any, how: Any) -> None:
    """Add this step's gradients to their sums."""
    V, feedback = weights[3], weights[5]
    of_W, of_W_in, of_bias, of_V, of_offset, trace, _, _ = memory
    n, n_in = before.size, e.size
    for k in range(n_in):
        of_offset[0, k] -= e[k]
        for j in range(n):
            of_V[0, k, j] -= e[k] * before[j]
    if how[4] > 0:
        return
    for i in range(n):
        told = 0.0
        for k in range(n_in):
            told += (V[k, i] if how[3] > 0 else feedback[i, k]) * e[k]
        row, total, total_in = trace[i], of_W[0, i], of_W_in[0, i]
        for j in range(n):
            total[j] -= told * row[j]
        for k in range(n_in):
            total_in[k] -= told * row[n + k]
        of_bias[0, i] -= told * row[n + n_in]


@inner
def _trace(W: Any, trace: Any, a: Any, fired: Any, before: Any, x: Any, longest: Any) -> None:
    n = before.size
    for i in range(n):
        opened = a * (1.0 - np.float64(fired[i]) * fired[i])
        kept = min(max(1.0 - a + opened * W[i, i], -longest), longest)
        row = trace[i]
        for j in range(n):
            row[j] = kept * row[j] + opened * before[j]
        for k in range(x.size):
            row[n + k] = kept * row[n + k] + opened * x[k]
        row[n + x.size] = kept * row[n + x.size] + opened


@inner
def _descend(w: Any, held: Any, powers: Any, how: Any) -> None:
    flat = held.reshape(3, -1)
    descend(w.reshape(-1), flat[0], flat[1], flat[2], powers, how)


def _signature(f: Any) -> Any:
    tuple_of: Any = types.Tuple
    d = types.float64
    square, flat = write(f, 2), write(f, 1)
    weights = tuple_of((square, square, flat, square, flat, square))
    state = tuple_of((write(f, 1),) * 3)
    held = write(d, 3), write(d, 3), write(d, 2), write(d, 3), write(d, 2)
    memory = tuple_of((*held, write(d, 2), write(d, 1), write(d, 1)))
    learning = read(types.boolean, 1), memory, read(d, 1)
    return types.void(weights, state, read(f, 2), f, types.int64, *learning, write(f, 2))


@kernel(_signature)
def _chunk(
    weights: Any,
    state: Any,
    xs: Any,
    leak: Any,
    given: Any,
    rows: Any,
    memory: Any,
    how: Any,
    ys: Any,
) -> None:
    W, W_in, bias, V, offset, _ = weights
    h, before, e = state
    of_W, of_W_in, of_bias, of_V, of_offset, trace, passed, powers = memory
    lanes, fired = np.empty(LANES, h.dtype), np.empty_like(h)
    for t in range(len(xs)):
        x = xs[t]
        before[:] = h
        _foresee(V, offset, before, lanes, e)
        for k in range(e.size):
            e[k] = x[k] - e[k]
        _move(W, W_in, bias, leak, x, h, fired, lanes)
        if given == 1:
            _foresee(V, offset, h, lanes, ys[t])
        else:
            ys[t] = e if given == 2 else h
        if not rows[t]:
            continue
        _blame(weights, before, e, memory, how)
        _trace(W, trace, np.float64(leak), fired, before, x, how[5])
        if tick(passed, powers, how):
            _descend(V, of_V, powers, how)
            _descend(offset, of_offset, powers, how)
            if how[4] == 0:
                _descend(W, of_W, powers, how)
                _descend(W_in, of_W_in, powers, how)
                _descend(bias, of_bias, powers, how)


def cell_chunk(
    params: Any,
    state: Any,
    xs: Array,
    leak: float,
    given: int,
    learning: tuple[Array, Any, Array] | None = None,
) -> tuple[Any, Array]:
    """Return ``(state, ys)`` after a chunk.

    Parameters
    ----------
    params, state
        Those of a `nodes.PredictiveCell`; if it learns, `params` are changed in place.
    xs : ndarray, shape (n_steps, n_in)
    leak : float
    given : int
        0 for the state, 1 for the prediction, 2 for the error.
    learning : tuple, optional
        Which rows to learn from, the memory of `nodes.rules.EProp`, changed in place, and its
        numbers: rate, batch, decay, feedback by the head, frozen, longest trace.
    """
    n, n_in = params.W_in.shape
    if xs.shape[1] != n_in or params.V.shape != (n_in, n) or params.W.shape != (n, n):
        raise DataError(f"cell: W_in of shape {(n, n_in)} does not fit rows of shape {xs.shape}")
    dtype = params.W.dtype
    if learning is None:
        weights = tuple(np.array(w, order="C") for w in params)
        square, flat = np.empty((3, 0, 0)), np.empty((3, 0))
        memory = (square, square, flat, square, flat, np.empty((0, 0)), np.zeros(1), np.zeros(2))
        rows, how = np.zeros(len(xs), bool), np.zeros(6)
    else:
        rows, held, how = learning
        weights = tuple(params)
        memory = (*held[:6], held.clock.rows.reshape(1), held.clock.powers)
    moving = tuple(np.array(part) for part in state)
    ys = np.empty((len(xs), n if given == 0 else n_in), dtype)
    steps = np.ascontiguousarray(xs)
    _chunk(dtype)(weights, moving, steps, dtype.type(leak), given, rows, memory, how, ys)
    return type(state)(*moving), ys
