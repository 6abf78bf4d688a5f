"""Products of a matrix with many rows, each summed in the order of one step of a linear node."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiled import inner, kernel, read, types, write
from nodegraph.errors import DataError

__all__ = ["affine", "affine_by_columns"]

_OUTPUTS, _INPUTS, _ROWS = 256, 128, 64  # of a tile: its weights and sums stay in the cache


@inner
def _four_rows(xs: Any, W: Any, ys: Any, t: Any, j: Any, first: Any, stop: Any) -> None:
    """Add the terms of four inputs from j on to four rows of outputs from t on."""
    y0, y1, y2, y3 = (
        ys[t, first:stop],
        ys[t + 1, first:stop],
        ys[t + 2, first:stop],
        ys[t + 3, first:stop],
    )
    a, b, c, d = W[j, first:stop], W[j + 1, first:stop], W[j + 2, first:stop], W[j + 3, first:stop]
    p0, p1, p2, p3 = xs[t, j], xs[t, j + 1], xs[t, j + 2], xs[t, j + 3]
    q0, q1, q2, q3 = xs[t + 1, j], xs[t + 1, j + 1], xs[t + 1, j + 2], xs[t + 1, j + 3]
    r0, r1, r2, r3 = xs[t + 2, j], xs[t + 2, j + 1], xs[t + 2, j + 2], xs[t + 2, j + 3]
    s0, s1, s2, s3 = xs[t + 3, j], xs[t + 3, j + 1], xs[t + 3, j + 2], xs[t + 3, j + 3]
    for o in range(stop - first):
        y0[o] += (a[o] * p0 + b[o] * p1) + (c[o] * p2 + d[o] * p3)
        y1[o] += (a[o] * q0 + b[o] * q1) + (c[o] * q2 + d[o] * q3)
        y2[o] += (a[o] * r0 + b[o] * r1) + (c[o] * r2 + d[o] * r3)
        y3[o] += (a[o] * s0 + b[o] * s1) + (c[o] * s2 + d[o] * s3)


@inner
def _one_row(xs: Any, W: Any, ys: Any, t: Any, j: Any, first: Any, stop: Any) -> None:
    y = ys[t, first:stop]
    a, b, c, d = W[j, first:stop], W[j + 1, first:stop], W[j + 2, first:stop], W[j + 3, first:stop]
    p0, p1, p2, p3 = xs[t, j], xs[t, j + 1], xs[t, j + 2], xs[t, j + 3]
    for o in range(stop - first):
        y[o] += (a[o] * p0 + b[o] * p1) + (c[o] * p2 + d[o] * p3)


@inner
def _tile(xs: Any, W: Any, ys: Any, rows: Any, inputs: Any, outputs: Any) -> None:
    """Add the terms of some inputs to a tile of outputs, four inputs at a time."""
    (start, end), (left, right), (first, stop) = rows, inputs, outputs
    whole, four = right - (right - left) % 4, end - (end - start) % 4
    for t in range(start, four, 4):
        for j in range(left, whole, 4):
            _four_rows(xs, W, ys, t, j, first, stop)
    for t in range(four, end):
        for j in range(left, whole, 4):
            _one_row(xs, W, ys, t, j, first, stop)
    for t in range(start, end):
        for j in range(whole, right):
            y, w, x = ys[t, first:stop], W[j, first:stop], xs[t, j]
            for o in range(stop - first):
                y[o] += w[o] * x


@kernel(lambda f: types.void(read(f, 2), read(f, 2), read(f, 1), write(f, 2)))
def _affine(xs: Any, W: Any, bias: Any, ys: Any) -> None:
    n_steps, n_out, n_in = len(ys), bias.size, len(W)
    ys[:] = 0
    for o in range(0, n_out, _OUTPUTS):
        outputs = o, min(o + _OUTPUTS, n_out)
        for t in range(0, n_steps, _ROWS):
            rows = t, min(t + _ROWS, n_steps)
            for j in range(0, n_in, _INPUTS):
                _tile(xs, W, ys, rows, (j, min(j + _INPUTS, n_in)), outputs)
    for t in range(n_steps):
        for o in range(n_out):
            ys[t, o] += bias[o]


def affine(xs: Array, W: Array, bias: Array) -> Array:
    """Return ``W x + bias`` for each row x of `xs`.

    Every element is summed in one fixed order, that of `nodegraph.maths.matvec`, so it has the same
    bits for one row or many.

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

    Raises
    ------
    DataError
        If shapes do not fit each other.

    Examples
    --------
    >>> affine(np.ones((1, 3)), np.array([[1.0, 2.0, 3.0]]), np.array([0.5]))
    array([[6.5]])
    """
    return affine_by_columns(xs, W.T, bias)


def affine_by_columns(xs: Array, columns: Array, bias: Array) -> Array:
    """Return what `affine` does for ``W' = columns``, (n_in, n_out); best if C-contiguous."""
    if columns.shape != (xs.shape[1], len(bias)):
        raise DataError(
            f"affine: W of shape {columns.shape[::-1]} does not fit xs of shape {xs.shape} and "
            f"bias of shape {bias.shape}"
        )
    ys = np.empty((len(xs), len(bias)), xs.dtype)
    laid = (np.ascontiguousarray(part) for part in (xs, columns, bias))
    _affine(xs.dtype)(*laid, ys)
    return ys
