"""Sums of products over rows, from the BLAS of scipy, with the GIL free for other workers."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from nodegraph import Array
from nodes.rules.blas_threads import one_thread

__all__ = ["add_gram", "add_product"]


def add_gram(rows: Array, total: Array) -> None:
    """Add ``rows' rows`` to the upper triangle of `total`, in place.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n), column by column
    total : ndarray of float64, shape (n, n), column by column
    """
    m, n = rows.shape
    one, sizes = _one(), [ctypes.byref(ctypes.c_int(size)) for size in (n, m, max(1, m), n)]
    with one_thread():
        _blas("dsyrk", 10)(
            b"U", b"T", *sizes[:2], one, _at(rows), sizes[2], one, _at(total), sizes[3]
        )


def add_product(left: Array, right: Array, total: Array) -> None:
    """Add ``left' right`` to `total`, in place; all are float64, column by column."""
    m, n = left.shape
    k = right.shape[1]
    one = _one()
    sizes = [ctypes.byref(ctypes.c_int(size)) for size in (n, k, m, max(1, m), max(1, n))]
    rows, columns, depth, step, wide = sizes
    with one_thread():
        _blas("dgemm", 13)(
            b"T", b"N", rows, columns, depth, one, _at(left), step, _at(right), step, one,
            _at(total), wide,
        )  # fmt: skip


def _one() -> Any:
    return ctypes.byref(ctypes.c_double(1.0))


def _at(array: Array) -> Any:
    if array.dtype != np.float64 or not array.flags.f_contiguous:
        raise TypeError("BLAS needs float64 arrays that are stored column by column")
    return ctypes.c_void_p(array.ctypes.data)


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
