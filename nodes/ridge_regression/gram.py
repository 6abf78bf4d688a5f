"""Sums of products over rows: by BLAS with the GIL free for other workers, or by our own loops."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from nodegraph import Array
from nodegraph.host.machine import has_avx512
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas_threads import blas_kind, bounded_threads

__all__ = ["add_cross", "add_gram", "product"]

_AWARE = ("SkylakeX", "Cooperlake", "SapphireRapids")  # kinds of BLAS that know AVX-512


def add_gram(rows: Array, total: Array) -> None:
    """Add ``rows' rows`` to the upper triangle of `total`, in place; below it anything may stand.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n), C-contiguous
    total : ndarray of float64, shape (n, n), column by column
    """
    _check(rows, total.T)
    if _own():
        from nodes.kernels.gram import add_gram as add

        add(rows, total.T)
        return
    m, n = rows.shape
    one, sizes = ctypes.byref(ctypes.c_double(1.0)), [ctypes.byref(ctypes.c_int(k)) for k in (n, m)]
    wide = sizes[0]
    with bounded_threads():
        _blas("dsyrk", 10)(
            b"U", b"N", *sizes, one, _at(rows), wide, one, _at(total), wide
        )  # fmt: skip


def add_cross(rows: Array, others: Array, total: Array) -> None:
    """Add ``rows' others`` to `total`, in place.

    Parameters
    ----------
    rows, others : ndarray of float64, shape (m, n) and (m, k), C-contiguous
    total : ndarray of float64, shape (n, k), column by column
    """
    _check(rows, others, total.T)
    if _own():
        from nodes.kernels.gram import add_cross as add

        add(rows, others, total.T)
        return
    shape = rows.shape[1], others.shape[1], len(rows)
    one, sizes = ctypes.byref(ctypes.c_double(1.0)), [ctypes.byref(ctypes.c_int(k)) for k in shape]
    n, k, _ = sizes
    with bounded_threads():
        _blas("dgemm", 13)(
            b"N", b"T", *sizes, one, _at(rows), n, _at(others), k, one, _at(total), n
        )  # fmt: skip


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


def _at(array: Array) -> Any:
    return ctypes.c_void_p(array.ctypes.data)


def _check(*arrays: Array) -> None:
    if any(array.dtype != np.float64 or not array.flags.c_contiguous for array in arrays):
        raise TypeError("rows should be float64 and C-contiguous, sums stored column by column")


@cache
def _blas(name: str, arguments: int) -> Any:
    """Return a BLAS function; ctypes lets go of the GIL while it runs, unlike scipy's wrappers."""
    from scipy.linalg import cython_blas

    table: dict[str, Any] = dict(vars(cython_blas)["__pyx_capi__"])
    capsule = table[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(address)
