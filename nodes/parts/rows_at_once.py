"""Products of a matrix with many rows at once, to the bits of `nodegraph.maths.matvec`."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodegraph.host.numerics import numerics

__all__ = ["laid_out", "times_rows"]

MANY = 32  # outputs that fill a register together
COLUMNS = 256  # outputs from which on `step` sums four columns at a time however many there are


def laid_out(W: Array) -> Array | None:
    """Return W by columns, or None where a step sums in another order than rows at once."""
    n_out, n_in = W.shape
    if numerics() == "fast":
        return W.T
    by_columns = n_out >= COLUMNS or (MANY <= n_out and n_in <= 4 * n_out)
    return np.ascontiguousarray(W.T) if by_columns else None


def times_rows(by_columns: Array, rows: Array) -> Array:
    """Return ``W x`` for each row x; in the fast mode by BLAS.

    Parameters
    ----------
    by_columns : ndarray, shape (n_in, n_out)
        What `laid_out` returned of W.
    rows : ndarray, shape (n_steps, n_in)
    """
    if numerics() == "fast":
        fast: Array = rows @ by_columns
        return fast
    from nodes.kernels.affine import affine_by_columns

    return affine_by_columns(rows, by_columns, np.zeros(by_columns.shape[1], rows.dtype))
