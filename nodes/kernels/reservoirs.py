"""Many series at once through one leaky reservoir: lanes side by side, refilled as series end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.lanes import dense_lanes, sparse_lanes
from nodes.kernels.reservoir import Weights

__all__ = ["FEWEST", "run_many"]

FEWEST = 6  # series from which on lanes are faster than one series after the other


def _types(f: Any) -> tuple[Any, ...]:
    """Return the types of W, its CSR parts, WinT, WfbT, bias, leak, code, and of the series."""
    index, series, row = read(types.uint32, 1), read(f, 2), read(f, 1)
    weights = series, row, index, index, series, series, row, row, types.int64
    places = read(types.int64, 2), types.int64
    return *weights, series, series, series, *places, series, write(f, 2)


@inner
def _refill(now: Any, end: Any, spans: Any, x: Any, X: Any, waiting: Any) -> Any:
    """Give lanes whose series has ended the next one; return how many have been given out."""
    for lane in range(now.size):
        if now[lane] == end[lane] and waiting < len(spans):
            series = spans[waiting, 0]
            now[lane], end[lane] = spans[waiting, 1], spans[waiting, 2]
            for i in range(len(X)):
                X[i, lane] = x[series, i]
            waiting += 1
    return waiting


@inner
def _add_input(WinT: Any, us: Any, now: Any, end: Any, U: Any, D: Any) -> None:
    """Add ``W_in u`` of each lane to D, four columns at a time, as `add_product` does."""
    n = len(WinT)
    for lane in range(now.size):
        if now[lane] < end[lane]:
            for j in range(n):
                U[j, lane] = us[now[lane], j]
    full = n - n % 4
    for i in range(len(D)):
        for j in range(0, full, 4):
            a, b, c, d = WinT[j, i], WinT[j + 1, i], WinT[j + 2, i], WinT[j + 3, i]
            for lane in range(now.size):
                D[i, lane] += (a * U[j, lane] + b * U[j + 1, lane]) + (
                    c * U[j + 2, lane] + d * U[j + 3, lane]
                )
        for j in range(full, n):
            a = WinT[j, i]
            for lane in range(now.size):
                D[i, lane] += a * U[j, lane]


@kernel(lambda f: types.void(*_types(f)))
def _many(
    W: Any,
    data: Any,
    indices: Any,
    indptr: Any,
    WinT: Any,
    WfbT: Any,
    bias: Any,
    leak: Any,
    code: Any,
    us: Any,
    fb: Any,
    noise: Any,
    spans: Any,
    lanes: Any,
    x: Any,
    ys: Any,
) -> None:
    units, dtype = bias.size, bias.dtype
    X, D = np.zeros((units, lanes), dtype), np.zeros((units, lanes), dtype)
    U, F = np.zeros((len(WinT), lanes), dtype), np.zeros((len(WfbT), lanes), dtype)
    now, end = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    one, waiting = dtype.type(1), 0
    while True:
        waiting = _refill(now, end, spans, x, X, waiting)
        if not (now < end).any():
            break
        for i in range(np.uint64(units)):
            if len(W) > 0:
                D[i] = 0
                dense_lanes(W, X, i, D)
            else:
                start, stop = np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])
                sparse_lanes(data, indices, start, stop, X, i, D)
        _add_input(WinT, us, now, end, U, D)
        _add_input(WfbT, fb, now, end, F, D)
        for i in range(units):
            for lane in range(lanes):
                D[i, lane] += bias[i]
        if len(noise) > 0:
            for lane in range(lanes):
                if now[lane] < end[lane]:
                    for i in range(units):
                        D[i, lane] += noise[now[lane], i]
        activate(code, D.reshape(units * lanes))
        for i in range(units):
            a, rest = leak[i], one - leak[i]
            for lane in range(lanes):
                X[i, lane] = rest * X[i, lane] + a * D[i, lane]
        for lane in range(lanes):
            if now[lane] < end[lane]:
                row = ys[now[lane]]
                for i in range(units):
                    row[i] = X[i, lane]
                now[lane] += 1


def run_many(
    weights: Weights,
    us: Sequence[Array],
    x: Array,
    fb: Sequence[Array] | None = None,
    noise: Sequence[Array] | None = None,
) -> list[Array]:
    """Return the states of each series, (n_steps, units); the bits are those of `Weights.run`.

    Parameters
    ----------
    weights : Weights
    us : sequence of ndarray, each of shape (n_steps, n_in)
        Inputs.
    x : ndarray, shape (n_series, units)
        States before the first steps.
    fb, noise : sequence of ndarray, optional
        As in `Weights.run`, for each series.
    """
    dtype, units = weights.dtype, weights.units
    lengths = np.array([len(u) for u in us])
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    order = np.argsort(-lengths, kind="stable")  # the longest first, so that lanes end together
    order = order[lengths[order] > 0]
    spans = np.stack([order, bounds[order], bounds[order + 1]], axis=1)
    joined = [None if part is None else np.concatenate(part) for part in (fb, noise)]
    series = weights.checked(int(bounds[-1]), np.concatenate(us), *joined)
    W, sparse = weights.by_row()
    ys = np.empty((int(bounds[-1]), units), dtype)
    lanes = 32 if len(us) >= 32 else 16
    _many(dtype)(
        W, *sparse, *weights.inputs, *weights.rows, weights.code, *series, spans, lanes, x, ys
    )
    return np.split(ys, bounds[1:-1])
