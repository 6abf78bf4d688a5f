"""Single steps of nodes that only pass signals on, compiled, for loops."""

from __future__ import annotations

from typing import Any

from nodes.kernels.compiling import matrix, step, vector

__all__ = ["hold_step", "mean_step", "scaler_step"]


@step
def scaler_step(args: Any, io: Any, like: Any) -> None:
    """``y = scale x + offset``; args: scale, offset, width."""
    n = args[2]
    scale, offset = vector(args[0], n, like), vector(args[1], n, like)
    x, y = vector(io[1], n, like), vector(io[0], n, like)
    for i in range(n):
        y[i] = scale[i] * x[i] + offset[i]


@step
def hold_step(args: Any, io: Any, like: Any) -> None:
    """``y = x``, or its last value where x is NaN; args: last, changed in place, and width."""
    n = args[1]
    last, x, y = vector(args[0], n, like), vector(io[1], n, like), vector(io[0], n, like)
    for i in range(n):
        if x[i] == x[i]:
            last[i] = x[i]
        y[i] = last[i]


@step
def mean_step(args: Any, io: Any, like: Any) -> None:
    """``y`` is the mean of sources, from the first to the last; args: sources, width of one."""
    n_sources, n = args[0], args[1]
    x, y = matrix(io[1], n_sources, n, like), vector(io[0], n, like)
    for i in range(n):
        y[i] = x[0, i]
        for k in range(1, n_sources):
            y[i] = y[i] + x[k, i]
        y[i] = y[i] / (like - like + n_sources)
