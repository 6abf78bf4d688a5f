"""Products of matrices with one row at a time, summed in an order that no chunking changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiled import inner, kernel, read, types, write
from nodegraph.errors import DataError

__all__ = ["affine"]

_LANES = 32  # sums side by side in a dot product: enough to fill the SIMD units
_TILE = 16  # rows of input that stay in the cache while a row of weights passes


@inner
def _dot(w: Any, x: Any, lanes: Any) -> Any:
    """Return ``w . x``, added in 32 sums side by side and then by halves."""
    lanes[:] = 0  # scratch, shape (32,)
    n = x.size - x.size % _LANES
    for j in range(0, n, _LANES):
        for lane in range(_LANES):
            lanes[lane] += w[j + lane] * x[j + lane]
    for j in range(n, x.size):
        lanes[j - n] += w[j] * x[j]
    width = _LANES
    while width > 1:
        width //= 2
        for lane in range(width):
            lanes[lane] += lanes[lane + width]
    return lanes[0]


@kernel(lambda f: types.void(read(f, 2), read(f, 2), read(f, 1), write(f, 2)))
def _affine(xs: Any, W: Any, bias: Any, ys: Any) -> None:
    if bias.size != len(W):
        raise DataError("affine: the shapes of W and bias do not fit each other")
    lanes = np.empty(_LANES, ys.dtype)
    for first in range(0, len(xs), _TILE):
        for o in range(len(W)):
            for t in range(first, min(first + _TILE, len(xs))):
                ys[t, o] = _dot(W[o], xs[t], lanes) + bias[o]


def affine(xs: Array, W: Array, bias: Array) -> Array:
    """Return ``W x + bias`` for each row x of `xs`.

    Every element is summed in one fixed order, so it has the same bits for one row or many.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
        Input, float32 or float64.
    W : ndarray, shape (n_out, n_in)
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
    _affine(xs.dtype)(xs, np.ascontiguousarray(W), bias, ys)
    return ys
