"""Sums of products over rows: by BLAS with the GIL free for other workers, or by our own loops."""

from __future__ import annotations

from functools import cache

import numpy as np

from nodegraph import Array
from nodegraph.host.machine import has_avx512
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas_threads import blas_kind, bounded_threads
from nodes.ridge_regression.fortran import call, check_order

__all__ = ["add_cross", "add_gram", "product"]

_AWARE = ("SkylakeX", "Cooperlake", "SapphireRapids")  # kinds of BLAS that know AVX-512


def add_gram(rows: Array, total: Array) -> None:
    """Add ``rows' rows`` to the upper triangle of `total`, in place; below it anything may stand.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n), C-contiguous
    total : ndarray of float64, shape (n, n), column by column
    """
    check_order(rows, total.T)
    if _own():
        from nodes.kernels.gram import add_gram as add

        add(rows, total.T)
        return
    m, n = rows.shape
    with bounded_threads():
        call("blas", "dsyrk", b"U", b"N", n, m, 1.0, rows, n, 1.0, total, n)


def add_cross(rows: Array, others: Array, total: Array) -> None:
    """Add ``rows' others`` to `total`, in place.

    Parameters
    ----------
    rows, others : ndarray of float64, shape (m, n) and (m, k), C-contiguous
    total : ndarray of float64, shape (n, k), column by column
    """
    check_order(rows, others, total.T)
    if _own():
        from nodes.kernels.gram import add_cross as add

        add(rows, others, total.T)
        return
    m, n, k = *rows.shape, others.shape[1]
    with bounded_threads():
        call("blas", "dgemm", b"N", b"T", n, k, m, 1.0, rows, n, others, k, 1.0, total, n)


def product(left: Array, right: Array) -> Array:
    """Return ``left right``; in the portable mode each element is summed in one fixed order."""
    if numerics() != "portable":
        products: Array = left @ right
        return products
    from nodes.kernels.affine import affine

    return affine(left, np.ascontiguousarray(right.T), np.zeros(right.shape[1]))


def _own() -> bool:
    """Tell whether our own loops are to be used: for their bits, or since they are faster."""
    return numerics() == "portable" or (numerics() == "exact" and _blas_lags_behind())


@cache
def _blas_lags_behind() -> bool:
    """Tell whether the processor has AVX-512, and BLAS does not know it."""
    return has_avx512() and blas_kind() not in _AWARE
