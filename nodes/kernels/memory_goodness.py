"""Cells that tell what came from what did not, over a chunk of steps, 8 cells abreast."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodes.kernels.abreast import FEW
from nodes.kernels.cells import (
    add_outer,
    give_out,
    multiply,
    packed,
    put_on_bus,
    read_bus,
    round_all,
    squared,
    tanh_all,
    unpack,
)
from nodes.kernels.compiling import inner, kernel, signature, step, taken
from nodes.kernels.populations import Laid, Loop
from nodes.kernels.scalars import exp

__all__ = ["MEMORY_GOODNESS"]

_PAST, _SHUFFLED, _MISPREDICTED = range(3)
_NEGATIVES = {"past": _PAST, "shuffled": _SHUFFLED, "mispredicted": _MISPREDICTED}


@inner
def _chance(now: Any, salt: Any) -> Any:
    mixed = ((now % 2147483648) * 1103515245 + salt) % 2147483647
    return mixed * 48271 % 2147483647 // 65536


@inner
def _imagine(kind: Any, past: Any, now: Any, salt: Any, first: Any, v: Any) -> None:
    """Write what did not come to the first rows of `v`."""
    span, m = len(past), past.shape[2]
    for lane in range(min(FEW, past.shape[1] - first)):
        cell = first + lane
        if kind == _MISPREDICTED:
            for k in range(m):
                last = np.float64(past[(now - 1) % span, cell, k])
                v[k, lane] = 2.0 * last - past[(now - 2) % span, cell, k]
        elif kind == _PAST:
            back = 1 + _chance(now, salt[cell]) % (span - 1)
            for k in range(m):
                v[k, lane] = past[(now - back) % span, cell, k]
        else:
            turn = 1 + _chance(now, salt[cell]) % max(1, m - 1)
            for k in range(m):
                v[k, lane] = past[now % span, cell, (k + turn) % m]


@inner
def _judge(W: Any, v: Any, threshold: Any, h: Any, q: Any) -> None:
    """Set `h`, and the probability `q` that `v` is real."""
    multiply(W, v, h)
    tanh_all(h, h)
    squared(h, q, 0)
    for lane in range(FEW):
        q[0, lane] = 1.0 / (1.0 + exp(threshold - q[0, lane]))


@inner
def _pull(h: Any, v: Any, weight: Any, total: Any, out: Any) -> None:
    """Set `out` to how h should move, for its outer product with v."""
    squared(v, total, 0)
    for i in range(len(h)):
        for lane in range(FEW):
            scale = weight[0, lane] / (0.01 + total[0, lane])
            out[i, lane] = scale * h[i, lane] * (1.0 - h[i, lane] * h[i, lane])


@inner
def _bound_rows(W: Any, d: Any, total: Any) -> None:
    n = len(W) // d
    for i in range(d):
        row = W[i * n : (i + 1) * n]
        squared(row, total, 0)
        for lane in range(FEW):
            norm = np.sqrt(total[0, lane])
            if norm > 3.0:
                for k in range(n):
                    row[k, lane] *= 3.0 / norm


@inner
def _bound_loops(W: Any, reads: Any, first: Any, n_in: Any, d: Any, most: Any) -> None:
    """Shrink the weights of memories of each lane whose gain is above `most`."""
    if most == np.inf:
        return
    n, m = len(W) // d, reads.shape[1]
    for lane in range(min(FEW, len(reads) - first)):
        heard = reads[first + lane]
        gain = np.sqrt(_squares(W, d, m, m + d, lane))
        for k in range(m):
            if heard[k] >= n_in:
                gain += np.sqrt(_squares(W, d, k, k + 1, lane))
        if gain <= most:
            continue
        for k in range(m + d):
            if k >= m or heard[k] >= n_in:
                for i in range(d):
                    W[i * n + k, lane] *= most / gain


@inner
def _squares(W: Any, d: Any, start: Any, stop: Any, lane: Any) -> Any:
    """Return the sum of the squares of some columns of W."""
    total = 0.0
    for i in range(d):
        for k in range(start, stop):
            total += W[i * (len(W) // d) + k, lane] ** 2
    return total


_LAYOUT = "i2 i1 d3! d3! d3! f3! i1! d1 i1 b1 f2< f2>"


def _remember(
    reads: Any,
    salt: Any,
    W: Any,
    M: Any,
    before: Any,
    past: Any,
    steps: Any,
    numbers: Any,
    columns: Any,
    rows: Any,
    xs: Any,
    ys: Any,
) -> None:
    cells, m, d = len(reads), reads.shape[1], M.shape[1]
    leak, threshold, rate = numbers[0], numbers[1], numbers[2]
    kind, units = int(numbers[3]), int(numbers[4])
    v, h, step = np.ones((m + d + 1, FEW)), np.zeros((d, FEW)), np.zeros((d, FEW))
    q, total, one = np.zeros((1, FEW)), np.zeros((1, FEW)), np.ones((1, FEW))
    y, kept, false = np.zeros((d, FEW)), np.zeros((d, FEW)), np.zeros((m + d + 1, FEW))
    bus = np.zeros(len(M) * FEW * d)
    for t in range(len(xs)):
        now = steps[0] + t
        for g in range(len(M)):
            tanh_all(M[g], y)
            put_on_bus(y, g * FEW, bus)
        for g in range(len(M)):
            first = g * FEW
            read_bus(reads, xs[t], bus, first, v)
            for lane in range(min(FEW, cells - first)):
                for k in range(m):
                    past[now % len(past), first + lane, k] = v[k, lane]
            round_all(v[:m], ys)
            before[g] = M[g]
            v[m : m + d] = M[g]
            _judge(W[g], v, threshold, h, q)
            squared(h, total, 0)
            for i in range(d):
                for lane in range(FEW):
                    size = np.sqrt(1.0 + total[0, lane] / d)
                    fresh = leak * h[i, lane] / size
                    M[g, i, lane] = (1.0 - leak) * M[g, i, lane] + fresh
            round_all(M[g], ys)
            tanh_all(M[g], y)
            give_out(y, first, columns[0], columns[0] + units, ys[t])
            give_out(q, first, columns[1], columns[1] + cells, ys[t])
            for lane in range(FEW):
                q[0, lane] = 1.0 - q[0, lane]
            give_out(q, first, columns[2], columns[2] + cells, ys[t])
            if not rows[t] or now < len(past):
                continue
            for lane in range(FEW):
                q[0, lane] *= rate
            _pull(h, v, q, total, step)
            kept[:] = step  # both slopes are those of the weights as they are
            _learn(W[g], v, kept, kind, past, now, salt, first, threshold, rate, h, q, total, one,
                   false, step)  # fmt: skip
            _bound_rows(W[g], d, total)
            _bound_loops(W[g], reads, first, xs.shape[1], d, numbers[5])
            round_all(W[g], ys)
    steps[0] += len(xs)


@inner
def _learn(
    W: Any, v: Any, up: Any, kind: Any, past: Any, now: Any, salt: Any, first: Any, threshold: Any,
    rate: Any, h: Any, q: Any, total: Any, one: Any, false: Any, down: Any,
) -> None:  # fmt: skip
    """Add the slope for what came, ``up v'``, and that for what did not."""
    false[:] = v
    _imagine(kind, past, now, salt, first, false)
    _judge(W, false, threshold, h, q)
    for lane in range(FEW):
        q[0, lane] *= -rate
    _pull(h, false, q, total, down)
    add_outer(W, up, v, one)
    add_outer(W, down, false, one)


_one = inner(_remember)


@step
def _step(args: Any, io: Any, like: Any) -> None:
    _one(*taken(args, io, _LAYOUT, like))


def _lay(node: Any, params: Any, state: Any, rule: Any = None, memory: Any = None) -> Laid:
    """Lay out a `nodes.forward.forward_forward.ForwardForwardUnit`.

    `rule` is a `nodes.rules.MemoryGoodness`.
    """
    rate, kind = (0.0, 0) if rule is None else (rule.rate, _NEGATIVES[rule.negatives])
    threshold = node.doubt if rule is None else rule.threshold
    most = np.inf if rule is None or rule.loop_gain is None else rule.loop_gain
    (W,), cells = packed([params.W]), packed([state.M, state.before])
    moving = *cells, state.past.copy(), state.steps.reshape(1).copy()
    arrays = (
        np.ascontiguousarray(params.reads),
        np.ascontiguousarray(params.salt),
        W,
        *moving,
        np.array([node.leak_rate, threshold, rate, kind, node.units, most], float),
        node.columns(),
    )

    def final(moving: Any) -> Any:
        *cells, past, steps = moving
        M, before = np.empty_like(state.M), np.empty_like(state.before)
        unpack(cells, [M, before])
        return type(state)(M, before, past, steps.reshape(()))

    return Laid(arrays, moving, final, lambda: unpack([W], [params.W]))


MEMORY_GOODNESS = Loop(_lay, kernel(signature(_LAYOUT))(_remember), _step)
