"""Weights that compiled loops change in place, dense or sparse.

In loops such weights are a tuple ``(WT, data, indices, starts)``: dense weights transposed, then
the parts of CSR; without rows, or empty, where they are of the other kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodes.kernels.compiling import inner, read, types, write

__all__ = [
    "add",
    "bring_back",
    "changeable",
    "changeable_type",
    "scale",
    "strengthen",
    "strengthen_in_turn",
    "tuple_of",
    "with_changes",
]

tuple_of: Any = types.Tuple


def changeable_type(f: Any) -> Any:
    """Return the type of changeable weights."""
    index = read(types.uint32, 1)
    return tuple_of((write(f, 2), write(f, 1), index, index))


def changeable(W: Any) -> tuple[Array, Array, Array, Array]:
    """Return a copy of `W` as loops change it."""
    if is_sparse(W):
        nothing = np.empty((0, W.shape[0]), W.dtype)
        return nothing, W.data.copy(), W.indices.astype(np.uint32), W.indptr.astype(np.uint32)
    none = np.empty(0, np.uint32)
    return np.array(W.T, order="C"), np.empty(0, W.dtype), none, none


def with_changes(W: Any, changed: tuple[Array, Array, Array, Array]) -> Any:
    """Return what became of `W`, of which `changed` was made."""
    WT, data, _, _ = changed
    return type(W)((data, W.indices, W.indptr), shape=W.shape) if is_sparse(W) else WT.T


@inner
def add(W: Any, x: Any, y: Any) -> None:
    """Add ``W x`` to `y`: sparse rows from the first entry to the last, dense ones by column."""
    WT, data, indices, starts = W
    for i in range(starts.size - 1):
        total = y.dtype.type(0)
        for k in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
            total += data[k] * x[indices[k]]
        y[i] += total
    for j in range(len(WT)):
        column, x_j = WT[j], x[j]
        for i in range(y.size):
            y[i] += column[i] * x_j


@inner
def strengthen(W: Any, pre: Any, strength: Any, decay: Any) -> None:
    """Add ``strength_i (pre_j - decay_i W_ij)`` to each weight that is not 0."""
    WT, data, indices, starts = W
    zero = strength.dtype.type(0)
    for i in range(starts.size - 1):
        s, d = strength[i], decay[i]
        for k in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
            w = data[k]
            data[k] = w + s * (pre[indices[k]] - d * w) if w != zero else zero
    for j in range(len(WT)):
        column, x = WT[j], pre[j]
        for i in range(strength.size):
            w = column[i]
            column[i] = w + strength[i] * (x - decay[i] * w) if w != zero else zero


@inner
def strengthen_in_turn(W: Any, pre: Any, strength: Any, y: Any, left: Any) -> None:
    """Add ``strength_i (pre_j - sum_{k <= i} y_k W_kj)`` to each weight that is not 0.

    `left` is scratch of the size of `pre`.
    """
    WT, data, indices, starts = W
    zero = strength.dtype.type(0)
    left[:] = pre
    for i in range(starts.size - 1):
        for k in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
            w, j = data[k], indices[k]
            left[j] -= y[i] * w
            data[k] = w + strength[i] * left[j] if w != zero else zero
    for j in range(len(WT)):
        column, rest = WT[j], pre[j]
        for i in range(strength.size):
            w = column[i]
            rest -= y[i] * w
            column[i] = w + strength[i] * rest if w != zero else zero


@inner
def scale(W: Any, factors: Any) -> None:
    """Multiply each row by its factor."""
    WT, data, _, starts = W
    for i in range(starts.size - 1):
        factor = factors[i]
        for k in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
            data[k] *= factor
    for j in range(len(WT)):
        column = WT[j]
        for i in range(factors.size):
            column[i] *= factors[i]


@inner
def bring_back(W: Any, lengths: Any, squares: Any, factors: Any) -> None:
    """Give each row its length: the root of its squares, or the sum of its sizes.

    `factors` is scratch.
    """
    WT, data, _, starts = W
    factors[:] = 0
    for i in range(starts.size - 1):
        total = factors.dtype.type(0)
        for k in range(np.uint64(starts[i]), np.uint64(starts[i + 1])):
            total += data[k] * data[k] if squares else abs(data[k])
        factors[i] = total
    for j in range(len(WT)):
        column = WT[j]
        for i in range(factors.size):
            factors[i] += column[i] * column[i] if squares else abs(column[i])
    for i in range(factors.size):
        length = np.sqrt(factors[i]) if squares else factors[i]
        factors[i] = lengths[i] / length if length > 0 else 1.0
    scale(W, factors)
