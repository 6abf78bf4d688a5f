"""Parts of the loops over cells, 8 abreast: reading the bus, products, rounding, giving out."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.abreast import FEW, abreast, add_multiples, add_products, apart
from nodes.kernels.compiling import inner
from nodes.kernels.scalars import tanh

__all__ = [
    "add_outer",
    "bound_norm",
    "give_out",
    "multiply",
    "multiply_transposed",
    "packed",
    "put_on_bus",
    "read_bus",
    "round_all",
    "squared",
    "subtract",
    "tanh_all",
    "unpack",
]


@inner
def put_on_bus(y: Any, first: Any, bus: Any) -> None:
    """Write what a group of cells lets the others know to `bus`."""
    d = len(y)
    for lane in range(FEW):
        for i in range(d):
            bus[(first + lane) * d + i] = y[i, lane]


@inner
def read_bus(reads: Any, x: Any, y: Any, first: Any, z: Any) -> None:
    """Set `z` to what a group of cells reads of ``[x, y]``; `y` has shape (n,)."""
    n_in = x.size
    for lane in range(min(FEW, len(reads) - first)):
        for j in range(reads.shape[1]):
            place = reads[first + lane, j]
            z[j, lane] = x[place] if place < n_in else y[place - n_in]


@inner
def multiply(W: Any, x: Any, y: Any) -> None:
    """Set ``y = W x``, with the entries of W row by row."""
    n = len(x)
    y[:] = 0.0
    for i in range(len(y)):
        add_products(W, i * n, 1, x, 0, n, y, i)


@inner
def multiply_transposed(W: Any, x: Any, y: Any) -> None:
    """Set ``y = W' x``, with the entries of W row by row."""
    n = len(y)
    y[:] = 0.0
    for j in range(n):
        add_products(W, j, n, x, 0, len(x), y, j)


@inner
def subtract(x: Any, y: Any, out: Any) -> None:
    """Set ``out = x - y``."""
    for k in range(len(out)):
        for lane in range(FEW):
            out[k, lane] = x[k, lane] - y[k, lane]


@inner
def add_outer(W: Any, left: Any, right: Any, one: Any) -> None:
    """Add ``left right'`` to W."""
    n = len(right)
    for i in range(len(left)):
        add_multiples(W, i * n, right, 0, n, left, i, one)


@inner
def squared(x: Any, total: Any, i: Any) -> None:
    """Set row i of `total` to the sum of the squares of each lane of `x`."""
    total[i] = 0.0
    add_products(x, 0, 1, x, 0, len(x), total, i)


@inner
def bound_norm(W: Any, most: Any, total: Any) -> None:
    """Shrink the W of each lane whose norm is above `most`; `total` is scratch of one row."""
    squared(W, total, 0)
    for lane in range(FEW):
        norm = np.sqrt(total[0, lane])
        if norm > most:
            for k in range(len(W)):
                W[k, lane] *= most / norm


@inner
def tanh_all(x: Any, y: Any) -> None:
    """Set ``y = tanh(x)``."""
    flat, out = x.reshape(-1), y.reshape(-1)
    for k in range(flat.size):
        out[k] = tanh(flat[k])


@inner
def round_all(x: Any, like: Any) -> None:
    """Round to the precision of `like`."""
    if like.itemsize == 4:
        flat = x.reshape(-1)
        for k in range(flat.size):
            flat[k] = like.dtype.type(flat[k])


@inner
def give_out(x: Any, first: Any, column: Any, end: Any, row: Any) -> None:
    """Write what a group of cells gives out to `row`, from `column` on and before `end`."""
    if column < 0:
        return
    n = len(x)
    for lane in range(FEW):
        start = column + (first + lane) * n
        for k in range(n):
            if start + k < end:
                row[start + k] = x[k, lane]


def packed(arrays: Any) -> list[Array]:
    """Return arrays of all cells, 8 abreast."""
    return [abreast(np.asarray(array), FEW) for array in arrays]


def unpack(groups: Any, arrays: Any) -> None:
    """Write what was packed back to where it came from."""
    for group, array in zip(groups, arrays, strict=True):
        array[...] = apart(group, array.shape)
