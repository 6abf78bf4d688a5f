"""Products of a matrix with many rows, each summed in the order of one step of a linear node."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.kernels import Builder, Value, by_four, kernel
from nodegraph.errors import DataError

__all__ = ["affine", "affine_by_columns"]

_INPUTS, _ROWS = 64, 64  # that are gone through at a time: their numbers stay in the cache
_WIDE = 64  # bytes of the outputs of a tile


@kernel("&xs &W &bias *ys n_rows n_in n_out")
def _affine(
    b: Builder,
    xs: Value,
    W: Value,
    bias: Value,
    ys: Value,
    n_rows: Value,
    n_in: Value,
    n_out: Value,
) -> None:
    b.clear(ys, n_rows * n_out * b.size)
    with b.each(0, n_rows, _ROWS) as start:
        end = b.least(start + _ROWS, n_rows)
        with b.each(0, n_in, _INPUTS) as j:
            count = b.least(n_in - j, b.whole(_INPUTS))
            inputs, weights = xs.at(j), W.at(j * n_out)
            for o, width in b.blocks(0, n_out, (_WIDE // b.size, 4, 1)):
                for t, high in b.blocks(start, end, (4, 1)):
                    rows = [inputs.at((t + i) * n_in) for i in range(high)]
                    sums = [ys.at((t + i) * n_out).at(o) for i in range(high)]
                    _tile(b, rows, weights.at(o), n_out, sums, count, width)
        for o, width in b.blocks(0, n_out, (_WIDE // b.size, 4, 1)):
            shift = b.load(bias.at(o), width)
            with b.each(start, end) as t:
                at = ys.at(t * n_out).at(o)
                b.store(b.load(at, width) + shift, at)


def _tile(
    b: Builder, rows: list[Value], W: Value, apart: Value, sums: list[Value], n: Value, width: int
) -> None:
    """Add the terms of n inputs to `width` outputs of some rows, which are at `sums`."""

    def terms(j: Value) -> list[Value]:
        weights = b.load(W.at(j * apart), width)
        return [weights * b.spread(b.load(row.at(j)), width) for row in rows]

    totals = by_four(b, n, terms, [b.load(at, width) for at in sums])
    for total, at in zip(totals, sums, strict=True):
        b.store(total, at)


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
    _affine(xs.dtype)(*laid, ys, len(xs), *columns.shape)
    return ys
