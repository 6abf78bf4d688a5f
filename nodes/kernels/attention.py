"""Cells that attend to their own past, over a chunk of steps, 8 cells abreast."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodes.kernels.abreast import FEW, add_products
from nodes.kernels.cells import (
    add_outer,
    bound_norm,
    give_out,
    multiply,
    multiply_transposed,
    packed,
    put_on_bus,
    read_bus,
    round_all,
    squared,
    subtract,
    tanh_all,
    unpack,
)
from nodes.kernels.compiling import inner, kernel, signature, step, taken
from nodes.kernels.populations import Laid, Loop
from nodes.kernels.scalars import exp

__all__ = ["ATTENTION"]


@inner
def _attend(Q: Any, K: Any, b: Any, past: Any, now: Any, q: Any, want: Any, a: Any, v: Any) -> None:
    """Set `v` to ``[c, z]`` of the step `now`, and `a` to the attention that made c."""
    span, rows, m = len(b), len(past), len(want)
    multiply(Q, past[now % rows], q)
    multiply_transposed(K, q, want)
    root = np.sqrt(len(q))
    for j in range(m):
        for lane in range(FEW):
            want[j, lane] /= root
    a[:] = b
    for j in range(span):
        add_products(past[(now - j) % rows], 0, 1, want, 0, m, a, j)
    for lane in range(FEW):
        top, total = a[0, lane], 0.0
        for j in range(1, span):
            top = max(top, a[j, lane])
        for j in range(span):
            a[j, lane] = exp(a[j, lane] - top)
            total += a[j, lane]
        for j in range(span):
            a[j, lane] /= total
    v[:m] = 0.0
    for j in range(span):
        _add_scaled(past[(now - j) % rows], a[j], v)
    v[m:] = past[now % rows]


@inner
def _add_scaled(B: Any, scale: Any, out: Any) -> None:
    for k in range(len(B)):
        for lane in range(FEW):
            out[k, lane] += scale[lane] * B[k, lane]


@inner
def _logit_pulls(P: Any, e: Any, past: Any, now: Any, a: Any, v: Any, work: Any, rate: Any) -> None:
    """Turn the attention `a` into how far each logit moves."""
    pull, total = work[0], work[1]
    m, rows = len(e), len(past)
    pull[:] = 0.0
    for k in range(m):
        add_products(P, k, 2 * m, e, 0, m, pull, k)
    squared(e, total, 0)
    total[1] = 0.0
    add_products(v, 0, 1, pull, 0, m, total, 1)
    for j in range(len(a)):
        total[2] = 0.0
        add_products(past[(now - j) % rows], 0, 1, pull, 0, m, total, 2)
        for lane in range(FEW):
            moved = a[j, lane] * (total[2, lane] - total[1, lane]) / (0.01 + total[0, lane])
            a[j, lane] = rate * min(max(moved, -1.0), 1.0)


@inner
def _learn(
    Q: Any, K: Any, b: Any, P: Any, e: Any, past: Any, now: Any, v: Any, a: Any, q: Any, work: Any,
    rate: Any,
) -> None:  # fmt: skip
    """Mend what the step `now` predicted, wrong by `e`."""
    mean, total, one, key = work[0], work[1], work[2], work[3]
    m, keys, z = len(e), len(q), v[len(e) :]
    _logit_pulls(P, e, past, now, a, v, work, rate)
    for j in range(len(a)):
        for lane in range(FEW):
            b[j, lane] = min(max(b[j, lane] + a[j, lane], -5.0), 5.0)
    mean[:] = 0.0
    for j in range(len(a)):
        _add_scaled(past[(now - j) % len(past)], a[j], mean)
    squared(z, total, 0)
    for k in range(m):
        for lane in range(FEW):
            mean[k, lane] /= np.sqrt(keys) * (0.01 + total[0, lane])
    multiply(K, mean, key)
    multiply(Q, z, q)
    add_outer(Q, key, z, one)
    add_outer(K, q, mean, one)
    squared(v, total, 0)
    for k in range(m):
        for lane in range(FEW):
            e[k, lane] *= rate / (0.01 + total[0, lane])
    add_outer(P, e, v, one)
    bound_norm(P, 2.0 * np.sqrt(m), total)
    bound_norm(Q, 3.0 * np.sqrt(keys), total)
    bound_norm(K, 3.0 * np.sqrt(keys), total)


_LAYOUT = "i2 d3! d3! d3! d3! d3 d3 d3! d4! i1! d1 i1 b1 f2< f2>"


def _look_back(
    reads: Any,
    Q: Any,
    K: Any,
    b: Any,
    P: Any,
    V: Any,
    bias: Any,
    state: Any,
    past: Any,
    steps: Any,
    numbers: Any,
    columns: Any,
    rows: Any,
    xs: Any,
    ys: Any,
) -> None:
    cells, m, d, span = len(reads), reads.shape[1], state.shape[1], b.shape[1]
    leak, rate, units, kept = numbers[0], numbers[1], int(numbers[2]), past.shape[1]
    q, want, a = np.zeros((Q.shape[1] // m, FEW)), np.zeros((m, FEW)), np.zeros((span, FEW))
    v, e, drive = np.zeros((2 * m, FEW)), np.zeros((m, FEW)), np.zeros((d, FEW))
    old, fading, told = np.zeros((2 * m, FEW)), np.zeros((span, FEW)), np.zeros((m, FEW))
    work = (np.zeros((m, FEW)), np.zeros((3, FEW)), np.ones((1, FEW)), np.zeros_like(q))
    bus = np.zeros(len(state) * FEW * d)
    for t in range(len(xs)):
        now = steps[0] + t
        for g in range(len(state)):
            put_on_bus(state[g], g * FEW, bus)
        for g in range(len(state)):
            first, x, seen = g * FEW, state[g], past[g]
            z = seen[now % kept]
            read_bus(reads, xs[t], bus, first, z)
            _attend(Q[g], K[g], b[g], seen, now, q, want, a, v)
            multiply(V[g], v, drive)
            for i in range(d):
                for lane in range(FEW):
                    drive[i, lane] += bias[g, i, lane]
            tanh_all(drive, drive)
            for i in range(d):
                for lane in range(FEW):
                    x[i, lane] = (1.0 - leak) * x[i, lane] + leak * drive[i, lane]
            round_all(x, ys)
            give_out(x, first, columns[0], columns[0] + units, ys[t])
            if columns[1] >= 0:
                multiply(P[g], v, told)
                give_out(told, first, columns[1], columns[1] + cells * m, ys[t])
            if columns[2] < 0 and not rows[t]:
                continue
            _attend(Q[g], K[g], b[g], seen, now - 1, q, want, fading, old)
            multiply(P[g], old, e)
            subtract(z, e, e)
            give_out(e, first, columns[2], columns[2] + cells * m, ys[t])
            if rows[t] and now >= 1:
                _learn(Q[g], K[g], b[g], P[g], e, seen, now - 1, old, fading, q, work, rate)
                for W in (Q[g], K[g], b[g], P[g]):
                    round_all(W, ys)
    steps[0] += len(xs)


_one = inner(_look_back)


@step
def _step(args: Any, io: Any, like: Any) -> None:
    _one(*taken(args, io, _LAYOUT, like))


def _lay(node: Any, params: Any, state: Any, rule: Any = None, memory: Any = None) -> Laid:
    """Lay out a `nodes.forward.attention.AttentionUnit`; `rule` is a `nodes.rules.Attention`."""
    learned = params.Q, params.K, params.b, params.P
    weights, (x, past) = packed(learned), packed([state.x, state.past.swapaxes(0, 1)])
    shape = state.past.shape
    moving = x, past.reshape(len(past), shape[0], shape[2], FEW), state.steps.reshape(1).copy()
    arrays = (
        np.ascontiguousarray(params.reads),
        *weights,
        *packed([params.V, params.bias]),
        *moving,
        np.array([node.leak_rate, 0.0 if rule is None else rule.rate, node.units], float),
        node.columns(),
    )

    def final(moving: Any) -> Any:
        x, past, steps = moving
        after = type(state)(np.empty_like(state.x), np.empty_like(state.past), steps.reshape(()))
        unpack([x, past.reshape(len(past), -1, FEW)], [after.x, after.past.swapaxes(0, 1)])
        return after

    return Laid(arrays, moving, final, lambda: unpack(weights, learned))


ATTENTION = Loop(_lay, kernel(signature(_LAYOUT))(_look_back), _step)
