"""Leaky units with a dendrite that learns, over a chunk of steps, 8 units abreast."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.abreast import FEW, add_multiples, add_products
from nodes.kernels.cells import begun, bound_norm, packed, round_all, squared, unpack
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.scalars import tanh

__all__ = ["dendrite_chunk"]

_DOUBLE = types.float64
_DRIVE, _NET, _OWN = range(3)
_TARGETS = {"drive": _DRIVE, "net": _NET, "own": _OWN}


@inner
def _hear(past: Any, reads: Any, n_in: Any, now: Any, tau: Any, first: Any, side: Any) -> None:
    """Set `side` to what a group of units hears of the others as they were `tau` steps ago."""
    for lane in range(min(FEW, len(reads) - first)):
        row = past[(now - tau[first + lane]) % len(past)]
        for j in range(reads.shape[1]):
            side[j, lane] = row[reads[first + lane, j] - n_in]


@inner
def _learn(v: Any, side: Any, e: Any, active: Any, rates: Any, total: Any, one: Any) -> None:
    """Move v one normalised step against the error `e`."""
    squared(side, total, 0)
    for lane in range(FEW):
        total[1, lane] = 0.0
        if active[lane]:
            total[1, lane] = rates[0] * e[0, lane] / (0.01 + total[0, lane])
    add_multiples(v, 0, side, 0, len(side), total, 1, one)
    bound_norm(v, rates[1], total)


def _signature(f: Any) -> Any:
    integers = read(types.int64, 2), read(types.int64, 1)
    weights = (read(_DOUBLE, 3),) * 4 + (write(_DOUBLE, 3),)
    state = write(f, 2), write(f, 1), types.int64
    learning = read(types.boolean, 1), read(_DOUBLE, 1)
    return types.void(
        *integers, *weights, *state, read(f, 2), *learning, read(types.int64, 1), write(f, 2)
    )


@kernel(_signature)
def _fire(
    reads: Any,
    tau: Any,
    W_in: Any,
    bias: Any,
    w: Any,
    gain: Any,
    v: Any,
    past: Any,
    target: Any,
    count: Any,
    xs: Any,
    rows: Any,
    numbers: Any,
    columns: Any,
    ys: Any,
) -> None:
    units, m, n_in, kept = len(reads), reads.shape[1], xs.shape[1], len(past)
    leak, aim, rates = numbers[0], int(numbers[1]), numbers[2:]
    side, x = np.zeros((m, FEW)), np.zeros((n_in, FEW))
    one, total, last = np.ones((1, FEW)), np.zeros((2, FEW)), np.ones(units, np.int64)
    sums, e, active = np.zeros((3, FEW)), np.zeros((1, FEW)), np.zeros(FEW, np.bool_)
    states = np.zeros_like(target)
    for t in range(len(xs)):
        now = count + t
        for j in range(n_in):
            x[j] = xs[t, j]
        for g in range(len(v)):
            first = g * FEW
            end = min(first + FEW, units)
            _hear(past, reads, n_in, now, last, first, side)
            sums[0] = bias[g, 0]
            sums[1:] = 0.0
            add_products(W_in[g], 0, 1, x, 0, n_in, sums, 0)
            add_products(w[g], 0, 1, side, 0, m, sums, 1)
            add_products(v[g], 0, 1, side, 0, m, sums, 2)
            for i in range(first, end):
                lane = i - first
                drive, net = sums[0, lane], sums[0, lane] + sums[1, lane]
                fresh = tanh(net + gain[g, 0, lane] * sums[2, lane])
                own = (1.0 - leak) * past[(now - 1) % kept, i] + leak * fresh
                states[i] = own
                target[i] = own if aim == _OWN else net if aim == _NET else drive
                if columns[0] >= 0:
                    ys[t, columns[0] + i] = own
                if columns[1] >= 0:
                    ys[t, columns[1] + i] = sums[2, lane]
            if columns[2] >= 0 or rows[t]:
                _hear(past, reads, n_in, now, tau, first, side)
                e[0] = 0.0
                add_products(v[g], 0, 1, side, 0, m, e, 0)
                for i in range(first, end):
                    e[0, i - first] = target[i] - e[0, i - first]
                    active[i - first] = now >= tau[i]
                    if columns[2] >= 0:
                        ys[t, columns[2] + i] = e[0, i - first]
                if rows[t]:
                    _learn(v[g], side, e, active, rates, total, one)
                    round_all(v[g], ys)
        past[now % kept] = states


def dendrite_chunk(
    node: Any,
    params: Any,
    state: Any,
    xs: Array,
    rows: Array | None = None,
    rates: tuple[float, float] = (0.0, 1.0),
) -> tuple[Any, Array]:
    """Return ``(state, ys)`` of units after a chunk; learn in place, if asked to.

    Parameters
    ----------
    node : nodes.forward.dendritic.DendriticUnit
    params, state
        Those of the node. With `rows`, v is changed in place.
    xs : ndarray, shape (n_steps, n_in)
        Input.
    rows : ndarray of bool, shape (n_steps,), optional
        The steps to learn from.
    rates : tuple of float
        Rate and largest norm of v.
    """
    learns = rows is not None
    after, rows, ys = begun(node, state, xs, rows)
    fixed = packed([params.W_in, params.bias, params.w, params.gain])
    (v,) = packed([params.v])
    _fire(xs.dtype)(
        np.ascontiguousarray(params.reads),
        np.ascontiguousarray(params.tau),
        *fixed,
        v,
        after.past,
        after.target,
        int(state.steps),
        np.ascontiguousarray(xs),
        rows,
        np.array([node.leak_rate, _TARGETS[node.target], *rates], float),
        node.columns(),
        ys,
    )
    if learns:
        unpack([v], [params.v])
    return after._replace(steps=np.array(state.steps + len(xs))), ys
