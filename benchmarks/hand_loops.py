"""What one writes by hand in numpy and scipy in place of a model: plain loops over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array

__all__ = ["drive", "drive_many", "drive_ring", "pass_on", "pass_on_by_step"]


def drive(params: Any, xs: Array) -> Array:
    """Return the states of a reservoir without leak from the zero state on."""
    driven = xs @ _dense(params.W_in).T + params.bias
    x, states = np.zeros(len(params.bias)), np.empty(driven.shape)
    for t, row in enumerate(driven):
        x = np.tanh(params.W @ x + row)
        states[t] = x
    return states


def drive_many(params: Any, series: Sequence[Array]) -> Array:
    """Return the states of many series, one below the other."""
    return np.concatenate([drive(params, xs) for xs in series])


def drive_ring(ring: Sequence[Any], xs: Array) -> Array:
    """Return the states of the last of several reservoirs in a ring.

    Each hears the one before it; the first one hears the input, and the last one a step later.
    """
    states = [np.zeros(len(params.bias)) for params in ring]
    first, last = ring[0], np.empty((len(xs), len(states[-1])))
    for t, row in enumerate(xs):
        heard = row
        back = first.W_fb @ states[-1]
        for i, params in enumerate(ring):
            drive = params.W @ states[i] + params.W_in @ heard + params.bias
            states[i] = heard = np.tanh(drive + back if i == 0 else drive)
        last[t] = heard
    return last


def pass_on(nodes: int, xs: Array) -> Array:
    """Return tanh of tanh of ... of a series, all steps at once."""
    for _ in range(nodes):
        xs = np.tanh(xs)
    return xs


def pass_on_by_step(nodes: int, xs: Array) -> Array:
    """Return the same, step by step."""
    return np.array([pass_on(nodes, row) for row in xs])


def _dense(W: Any) -> Array:
    return W if isinstance(W, np.ndarray) else W.toarray()
