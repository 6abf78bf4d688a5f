"""A single step of lagged products, compiled, for loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.compiling import matrix, step, vector

__all__ = ["nvar_arguments", "nvar_step"]


@step
def nvar_step(args: Any, io: Any, like: Any) -> None:
    """Move a `nodes.NVAR` on; `nvar_arguments` says what `args` are."""
    n, depth, strides, orders = args[0], args[1], args[2], args[3]
    past, table = matrix(args[5], depth, n, like), matrix(args[6], orders, 2, np.int64(0))
    x, y = vector(io[1], n, like), vector(io[0], args[4], like)
    end = 0
    for ago in range(0, depth + 1, strides):
        for j in range(n):
            y[end + j] = past[depth - ago, j] if ago > 0 else x[j]
        end += n
    at = 0
    for k in range(orders):
        order, count = table[k, 0], table[k, 1]
        factors = matrix(args[7] + 8 * at, order, count, np.int64(0))
        for i in range(count):
            y[end + i] = y[factors[0, i]]
            for q in range(1, order):
                y[end + i] *= y[factors[q, i]]
        at, end = at + order * count, end + count
    for t in range(depth):
        for j in range(n):
            past[t, j] = past[t + 1, j] if t + 1 < depth else x[j]


def nvar_arguments(
    past: Array, strides: int, factors: Sequence[Array], n_out: int
) -> tuple[Any, ...]:
    """Return the arguments of `nvar_step`, which changes `past` in place.

    Parameters
    ----------
    past : ndarray, shape (depth, n_in)
    strides : int
    factors : sequence of ndarray, shape (order, n_products)
        Of each order, which of the lagged inputs its products have as factors.
    n_out : int
    """
    table = np.array([part.shape for part in factors], np.int64).reshape(-1, 2)
    flat = np.concatenate([np.empty(0, np.int64), *(part.ravel() for part in factors)])
    sizes = past.shape[1], len(past), strides, len(factors), n_out
    return *sizes, past, table, flat.astype(np.int64)
