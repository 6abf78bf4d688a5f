"""Cells that explain what they read by a hidden state, over a chunk of steps, 8 cells abreast."""

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

__all__ = ["TEMPORAL_CODING"]


@inner
def _activate(x: Any, linear: Any, y: Any) -> None:
    if linear:
        y[:] = x
    else:
        tanh_all(x, y)


@inner
def _relax(A: Any, C: Any, pi: Any, z: Any, p: Any, x: Any, work: Any, numbers: Any) -> None:
    """Set `x` to what the cells come to believe, from their forecast `p` on."""
    iterations, relaxation, prior, linear = numbers[0], numbers[1], numbers[2], numbers[3] != 0.0
    fx, push, error, total = work[0], work[1], work[2], work[6]
    bound = total[1:]
    bound[:] = prior
    for k in range(len(z)):
        total[0] = 0.0
        add_products(C, k * len(x), 1, C, k * len(x), len(x), total, 0)
        for lane in range(FEW):
            bound[0, lane] += pi[k, lane] * total[0, lane]
    x[:] = p
    for _ in range(int(iterations)):
        _activate(x, linear, fx)
        multiply(C, fx, error)
        for k in range(len(z)):
            for lane in range(FEW):
                error[k, lane] = pi[k, lane] * (z[k, lane] - error[k, lane])
        multiply_transposed(C, error, push)
        for i in range(len(x)):
            for lane in range(FEW):
                slope = 1.0 if linear else 1.0 - fx[i, lane] * fx[i, lane]
                down = slope * push[i, lane] - prior * (x[i, lane] - p[i, lane])
                x[i, lane] += relaxation / bound[0, lane] * down


@inner
def _mend(W: Any, left: Any, right: Any, most: Any, rate: Any, work: Any) -> None:
    """Move W one normalised step along ``left right'``; `left` is changed."""
    total, one = work[6], work[7]
    squared(right, total, 0)
    for lane in range(FEW):
        scale = rate / (0.01 + total[0, lane])
        for i in range(len(left)):
            left[i, lane] *= scale
    add_outer(W, left, right, one)
    bound_norm(W, most, total)


@inner
def _attend(innovation: Any, variance: Any, pi: Any, first: Any, fading: Any, heed: Any) -> None:
    """Let precisions follow the errors of predictions."""
    m = len(innovation)
    for lane in range(min(FEW, len(variance) - first)):
        total = 0.0
        for k in range(m):
            v = variance[first + lane, k]
            v += fading * (innovation[k, lane] * innovation[k, lane] - v)
            variance[first + lane, k] = v
            total += 1.0 / (0.001 + v)
        if heed:
            for k in range(m):
                pi[k, lane] = 1.0 / (0.001 + variance[first + lane, k]) / (total / m)


_LAYOUT = "i2 d3! d3! d3! d3! d3! d3! d2! d1 i1 b1 f2< f2>"


def _code(
    reads: Any,
    A: Any,
    C: Any,
    pi: Any,
    state: Any,
    before: Any,
    seen: Any,
    variance: Any,
    numbers: Any,
    columns: Any,
    rows: Any,
    xs: Any,
    ys: Any,
) -> None:
    cells, m, d = len(reads), reads.shape[1], state.shape[1]
    linear, rate, fading = numbers[3] != 0.0, numbers[4], numbers[5]
    heed, units = numbers[6] != 0.0, int(numbers[7])
    fx, push, error, p = (np.zeros((d, FEW)), np.zeros((d, FEW)), np.zeros((m, FEW)),
                          np.zeros((d, FEW)))  # fmt: skip
    told, past, total, one = (np.zeros((m, FEW)), np.zeros((d, FEW)), np.zeros((2, FEW)),
                              np.ones((1, FEW)))  # fmt: skip
    work = (fx, push, error, p, told, past, total, one)
    bus = np.zeros(len(state) * FEW * d)
    for t in range(len(xs)):
        for g in range(len(state)):
            _activate(state[g], linear, fx)
            put_on_bus(fx, g * FEW, bus)
        for g in range(len(state)):
            first, x, z = g * FEW, state[g], seen[g]
            read_bus(reads, xs[t], bus, first, z)
            before[g] = x
            _activate(before[g], linear, past)
            multiply(A[g], past, p)
            _relax(A[g], C[g], pi[g], z, p, x, work, numbers)
            round_all(x, ys)
            _activate(p, linear, fx)
            multiply(C[g], fx, told)
            subtract(z, told, told)
            give_out(told, first, columns[2], columns[2] + cells * m, ys[t])
            _activate(x, linear, fx)
            give_out(fx, first, columns[0], columns[0] + units, ys[t])
            if columns[1] >= 0:
                multiply(A[g], fx, push)
                _activate(push, linear, push)
                multiply(C[g], push, error)
                give_out(error, first, columns[1], columns[1] + cells * m, ys[t])
            if not rows[t]:
                continue
            subtract(x, p, push)
            _mend(A[g], push, past, 1.5 * np.sqrt(d), rate, work)
            multiply(C[g], fx, error)
            subtract(z, error, error)
            _mend(C[g], error, fx, 2.0 * np.sqrt(m), rate, work)
            _attend(told, variance, pi[g], first, fading, heed)
            round_all(A[g], ys)
            round_all(C[g], ys)
            round_all(pi[g], ys)


_one = inner(_code)


@step
def _step(args: Any, io: Any, like: Any) -> None:
    _one(*taken(args, io, _LAYOUT, like))


def _lay(node: Any, params: Any, state: Any, rule: Any = None, memory: Any = None) -> Laid:
    """Lay out a `nodes.forward.predictive_coding.PredictiveCodingUnit`.

    `rule` is a `nodes.rules.TemporalCoding`.
    """
    learned = params.A, params.C, params.pi
    rates = (0.0, 0.0, 0.0) if rule is None else (rule.rate, rule.fading, rule.attention)
    linear = node.activation == "identity"
    relaxing = node.iterations, node.relaxation, node.prior, linear
    weights, moving = packed(learned), tuple(packed(state))
    arrays = (
        np.ascontiguousarray(params.reads),
        *weights,
        *moving,
        np.zeros((0, 0)) if rule is None else memory.variance,
        np.array([*relaxing, *rates, node.units], float),
        node.columns(),
    )

    def final(moving: Any) -> Any:
        after = type(state)(*(np.empty_like(part) for part in state))
        unpack(moving, after)
        return after

    return Laid(arrays, moving, final, lambda: unpack(weights, learned))


TEMPORAL_CODING = Loop(_lay, kernel(signature(_LAYOUT))(_code), _step)
