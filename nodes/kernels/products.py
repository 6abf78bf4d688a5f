"""Products of matrices with one row at a time, summed in an order that no chunking changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, read, types, write

__all__ = ["LANES", "add_product", "affine", "csr_parts", "dot", "dot_sparse"]

LANES = 32  # sums side by side in a dot product: enough to fill the SIMD units
_TILE = 16  # rows of input that stay in the cache while a row of weights passes
_U1, _U2, _U3, _U4 = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)


@inner
def add_product(y: Any, WT: Any, x: Any) -> None:
    """Add ``W x`` to `y`, column by column, four at a time; `WT` is W transposed."""
    n = x.size - x.size % 4
    for j in range(0, n, 4):
        a, b, c, d = WT[j], WT[j + 1], WT[j + 2], WT[j + 3]
        xa, xb, xc, xd = x[j], x[j + 1], x[j + 2], x[j + 3]
        for i in range(y.size):
            y[i] += (a[i] * xa + b[i] * xb) + (c[i] * xc + d[i] * xd)
    for j in range(n, x.size):
        a, xa = WT[j], x[j]
        for i in range(y.size):
            y[i] += a[i] * xa


@inner
def dot_sparse(data: Any, indices: Any, start: Any, stop: Any, x: Any) -> Any:
    """Return the product of the entries ``start:stop`` of a CSR matrix with `x`, in four sums.

    Everything that counts is unsigned: numba tests signed indices for being negative.
    """
    a = b = c = d = x.dtype.type(0)
    four = start + (stop - start) // _U4 * _U4
    for k in range(start, four, _U4):
        a += data[k] * x[indices[k]]
        b += data[k + _U1] * x[indices[k + _U1]]
        c += data[k + _U2] * x[indices[k + _U2]]
        d += data[k + _U3] * x[indices[k + _U3]]
    for k in range(four, stop):
        a += data[k] * x[indices[k]]
    return (a + b) + (c + d)


@inner
def dot(w: Any, x: Any, lanes: Any) -> Any:
    """Return ``w . x``, added in 32 sums side by side and then by halves."""
    lanes[:] = 0  # scratch, shape (32,)
    n = x.size - x.size % LANES
    for j in range(0, n, LANES):
        for lane in range(LANES):
            lanes[lane] += w[j + lane] * x[j + lane]
    for j in range(n, x.size):
        lanes[j - n] += w[j] * x[j]
    width = LANES
    while width > 1:
        width //= 2
        for lane in range(width):
            lanes[lane] += lanes[lane + width]
    return lanes[0]


def _affine_signature(f: Any) -> Any:
    return types.void(read(f, 2), read(f, 2), read(f, 1), write(f, 2))


def _sparse_signature(f: Any) -> Any:
    index = read(types.uint32, 1)
    return types.void(read(f, 2), read(f, 1), index, index, read(f, 1), write(f, 2))


@kernel(_affine_signature)
def _affine(xs: Any, W: Any, bias: Any, ys: Any) -> None:
    if bias.size != len(W):
        raise DataError("affine: the shapes of W and bias do not fit each other")
    lanes = np.empty(LANES, ys.dtype)
    for first in range(0, len(xs), _TILE):
        for o in range(len(W)):
            for t in range(first, min(first + _TILE, len(xs))):
                ys[t, o] = dot(W[o], xs[t], lanes) + bias[o]


@kernel(_sparse_signature)
def _affine_sparse(xs: Any, data: Any, indices: Any, indptr: Any, bias: Any, ys: Any) -> None:
    if indptr.size != bias.size + 1 or ys.shape[1] != bias.size:
        raise DataError("affine: the shapes of W and bias do not fit each other")
    for t in range(len(xs)):
        for o in range(ys.shape[1]):
            row = dot_sparse(data, indices, indptr[o], indptr[o + 1], xs[t])
            ys[t, o] = row + bias[o]


def csr_parts(W: Any) -> tuple[Array, Array, Array]:
    """Return data, and unsigned indices and row pointers, of a CSR array; a view where it can."""
    return W.data, _unsigned(W.indices), _unsigned(W.indptr)


def _unsigned(indices: Array) -> Array:
    return indices.view(np.uint32) if indices.itemsize == 4 else indices.astype(np.uint32)


def affine(xs: Array, W: Any, bias: Array) -> Array:
    """Return ``W x + bias`` for each row x of `xs`.

    Every element is summed in one fixed order, so it has the same bits for one row or many.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
        Input, float32 or float64.
    W : ndarray or csr_array, shape (n_out, n_in)
        Weights, of the same precision.
    bias : ndarray, shape (n_out,)
        Bias, of the same precision.

    Returns
    -------
    ndarray, shape (n_steps, n_out)

    Examples
    --------
    >>> affine(np.ones((1, 3)), np.array([[1.0, 2.0, 3.0]]), np.array([0.5]))
    array([[6.5]])
    """
    xs, bias = np.ascontiguousarray(xs), np.ascontiguousarray(bias)
    ys = np.empty((len(xs), W.shape[0]), xs.dtype)
    if W.shape[1] != xs.shape[1]:
        raise DataError(f"affine: W of shape {W.shape} does not fit xs of shape {xs.shape}")
    if isinstance(W, np.ndarray):
        _affine(xs.dtype)(xs, np.ascontiguousarray(W), bias, ys)
    else:
        _affine_sparse(xs.dtype)(xs, *csr_parts(W), bias, ys)
    return ys
