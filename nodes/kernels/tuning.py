"""Intrinsic plasticity of a leaky reservoir, over a chunk of one series."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.changing import scale
from nodes.kernels.compiling import inner, kernel, types
from nodes.kernels.passage import Passage, fire, gone_through, hear, settle, signature

__all__ = ["Tuning", "tune"]


class Tuning(NamedTuple):
    """Intrinsic plasticity, as numbers."""

    rate: float
    mu: float
    sigma: float  # for tanh; 0 for sigmoid
    least: float  # gain
    most: float


@inner
def _pull(y: Any, mu: Any, sigma: Any) -> Any:
    """Return ``db / rate`` of `nodes.rules.IntrinsicPlasticity`, for sigmoid if sigma is 0."""
    if sigma == 0:
        return 1 - (2 + 1 / mu) * y + y * y / mu
    s2 = sigma * sigma
    return (mu - y * (2 * s2 + 1 - y * y + mu * y)) / s2


@kernel(lambda f: signature(f, (*5 * [types.float64],)))
def _tune(
    weights: Any,
    bias: Any,
    rule: Any,
    gain: Any,
    leak: Any,
    code: Any,
    series: Any,
    rows: Any,
    state: Any,
    ys: Any,
) -> None:
    xs, _, noise = series
    rate, mu, sigma, least, most = rule
    drive, activity, ratio = np.empty_like(state), np.empty_like(state), np.empty_like(state)
    for t in range(len(xs)):
        hear(weights, series, t, state, drive)
        activity[:] = drive
        fire(activity, bias, code, noise, t)
        settle(activity, leak, state, ys[t])
        if not rows[t]:
            continue
        if len(noise) > 0:  # the rule looks at what the unit would do without
            activity[:] = drive
            fire(activity, bias, code, noise[:0], t)
        for i in range(state.size):
            shift = rate * _pull(np.float64(activity[i]), mu, sigma)
            moved = gain[i] + rate / gain[i] + shift * (drive[i] / gain[i])
            moved = min(max(moved, least), most)
            ratio[i] = moved / gain[i]
            gain[i] = moved
            bias[i] += state.dtype.type(shift)
        scale(weights[0], ratio)
        scale(weights[1], ratio)
        scale(weights[2], ratio)


def tune(params: Any, passage: Passage, tuning: Tuning, gain: Array) -> tuple[Any, Array]:
    """Return ``(params, ys)`` of a chunk of intrinsic plasticity, which changes `gain` in place.

    The equations are those of `nodes.rules.IntrinsicPlasticity`.

    Parameters
    ----------
    params : NamedTuple
        W, W_in and W_fb, dense or sparse, and bias. They stay as they are.
    passage : Passage
    tuning : Tuning
    gain : ndarray, shape (units,)
        float64.
    """
    return gone_through(_tune, params, ("W", "W_in", "W_fb"), passage, tuning, gain)
