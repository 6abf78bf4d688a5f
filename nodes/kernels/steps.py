"""Single steps of simple nodes, compiled, for loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.activating import activate
from nodes.kernels.compiling import matrix, step, vector
from nodes.kernels.products import LANES, dot

__all__ = ["elementwise_step", "linear_arguments", "linear_step"]


@step
def elementwise_step(args: Any, io: Any, like: Any) -> None:
    """``y = f(x)``; args: width, code of f."""
    x, y = vector(io[1], args[0], like), vector(io[0], args[0], like)
    for i in range(y.size):
        y[i] = x[i]
    activate(args[1], y)


@step
def linear_step(args: Any, io: Any, like: Any) -> None:
    """``y = W x + bias``; see `linear_arguments`."""
    n_out, n_in = args[3], args[4]
    W, bias = matrix(args[0], n_out, n_in, like), vector(args[1], n_out, like)
    lanes, x, y = (
        vector(args[2], LANES, like),
        vector(io[1], n_in, like),
        vector(io[0], n_out, like),
    )
    for o in range(n_out):
        y[o] = dot(W[o], x, lanes) + bias[o]


def linear_arguments(W: Array, bias: Array) -> tuple[Any, ...]:
    """Return the arguments of `linear_step`."""
    W, bias = np.ascontiguousarray(W), np.ascontiguousarray(bias)
    return W, bias, np.empty(LANES, W.dtype), *W.shape
