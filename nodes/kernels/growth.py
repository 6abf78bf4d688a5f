"""Weights of a leaky reservoir that grow by what they join, over a chunk of one series."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.changing import bring_back, strengthen, strengthen_in_turn
from nodes.kernels.compiling import inner, kernel, read, types
from nodes.kernels.passage import Passage, fire, gone_through, hear, settle, signature

__all__ = ["KINDS", "Growth", "grow"]

_HEBB, _ANTI, _OJA, _SANGER, _BCM = range(5)
KINDS = {"hebb": _HEBB, "anti": _ANTI, "oja": _OJA, "sanger": _SANGER, "bcm": _BCM}


class Growth(NamedTuple):
    """What joins activities before and after a weight: a rule, as numbers."""

    kind: int  # one of `KINDS`
    rate: float
    sliding: float  # of the threshold of BCM
    recurrent: bool  # whether it is W that grows, or W_in
    squares: bool  # whether a length is the root of squares, or the sum of sizes
    lengths: Array  # (units,) to which rows are brought back, float64; (0,) for none


@inner
def _pace(rate: Any, most: Any) -> Any:
    """Return the rate, held so low that ``rate * most`` is at most 1."""
    return 1.0 / most if rate * most > 1.0 else rate


@inner
def _weigh(rule: Any, y: Any, pre: Any, own: Any, strength: Any, decay: Any) -> None:
    """Set how much each unit learns, and let the thresholds `own` of BCM slide."""
    kind, rate, sliding = rule[:3]
    heard, given = 0.0, 0.0
    for j in range(pre.size):
        heard += np.float64(pre[j]) * np.float64(pre[j])
    for i in range(y.size):
        post, decay[i] = np.float64(y[i]), 0.0
        given += post * post
        if kind == _HEBB:
            strength[i] = rate * post
        elif kind == _ANTI:
            strength[i] = -_pace(rate, heard) * post
        elif kind == _OJA:
            strength[i], decay[i] = _pace(rate, post * post) * post, post
        elif kind == _SANGER:
            strength[i] = _pace(rate, given) * post
        else:
            over = post - own[i]
            strength[i] = _pace(rate, abs(over) * heard) * post * over
            own[i] += sliding * (post * post - own[i])


@inner
def _change(W: Any, pre: Any, rule: Any, y: Any, own: Any, scratch: Any) -> None:
    """Let one matrix grow, and bring its rows back if they are to keep a length."""
    strength, decay, left = scratch
    _weigh(rule, y, pre, own, strength, decay)
    if rule[0] == _SANGER:
        strengthen_in_turn(W, pre, strength, y, left[: pre.size])
    else:
        strengthen(W, pre, strength, decay)
    if rule[5].size > 0:
        bring_back(W, rule[5], rule[4], decay)


_GROWTH = types.int64, *2 * (types.float64,), *2 * (types.boolean,), read(types.float64, 1)


@kernel(lambda f: signature(f, _GROWTH))
def _grow(
    weights: Any,
    bias: Any,
    rule: Any,
    own: Any,
    leak: Any,
    code: Any,
    series: Any,
    rows: Any,
    state: Any,
    ys: Any,
) -> None:
    xs, _, noise = series
    drive, before = np.empty_like(state), np.empty_like(state)
    left = np.empty(max(state.size, xs.shape[1]), state.dtype)
    scratch = np.empty_like(state), np.empty_like(state), left
    for t in range(len(xs)):
        before[:] = state
        hear(weights, series, t, state, drive)
        fire(drive, bias, code, noise, t)
        settle(drive, leak, state, ys[t])
        if not rows[t]:
            continue
        if rule[3]:
            _change(weights[0], before, rule, state, own, scratch)
        else:
            _change(weights[1], xs[t], rule, state, own, scratch)


def grow(params: Any, passage: Passage, growth: Growth, own: Array) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk in which W or W_in grows, and thresholds in `own` move.

    With ``post = x[t]``, and ``pre`` being x[t-1] or the input u[t]::

        hebb    dW_ij = rate post_i pre_j
        anti    dW_ij = -rate post_i pre_j, at a rate of at most 1 / |pre|^2
        oja     dW_ij = rate post_i (pre_j - post_i W_ij), at most 1 / post_i^2
        sanger  dW_ij = rate post_i (pre_j - sum_{k <= i} post_k W_kj),
                at most 1 / sum_{k <= i} post_k^2
        bcm     dW_ij = rate post_i (post_i - own_i) pre_j, at most 1 / (|post_i - own_i| |pre|^2);
                own_i += sliding (post_i^2 - own_i)

    Parameters
    ----------
    params : NamedTuple
        W, W_in and W_fb, dense or sparse, and bias. They stay as they are.
    passage : Passage
    growth : Growth
    own : ndarray, shape (units,)
        Thresholds of BCM, float64.
    """
    learned = ("W",) if growth.recurrent else ("W_in",)
    if growth.lengths.size and growth.lengths.shape != params.bias.shape:
        raise DataError("plasticity: lengths need one number for each unit, or none at all")
    return gone_through(_grow, params, learned, passage, growth, own)
