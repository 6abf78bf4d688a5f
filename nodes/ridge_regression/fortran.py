"""BLAS and LAPACK as scipy brings them, called with the GIL free for other workers."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module
from typing import Any, Literal

import numpy as np

from nodegraph import Array

__all__ = ["call", "check_order"]


def call(library: Literal["blas", "lapack"], name: str, *arguments: Array | bytes | float) -> None:
    """Call a routine; ctypes lets go of the GIL while it runs, unlike scipy's wrappers.

    Parameters
    ----------
    library, name : str
        Such as "blas" and "dsyrk".
    *arguments : ndarray, bytes, int or float
        As the routine has them: arrays are handed over where they lie, whole numbers as int,
        others as double.
    """
    _routine(library, name, len(arguments))(*map(_reference, arguments))


def check_order(*arrays: Array, dtype: Any = np.float64) -> None:
    """Refuse what BLAS would misread.

    Raises
    ------
    TypeError
    """
    if any(array.dtype != dtype or not array.flags.c_contiguous for array in arrays):
        raise TypeError(f"rows should be {np.dtype(dtype)} and C-contiguous, sums column by column")


def _reference(value: Array | bytes | float) -> Any:
    if isinstance(value, np.ndarray):
        return ctypes.c_void_p(value.ctypes.data)
    if isinstance(value, bytes):
        return value
    kind: Any = ctypes.c_int if isinstance(value, int) else ctypes.c_double
    return ctypes.byref(kind(value))


@cache
def _routine(library: str, name: str, arguments: int) -> Any:
    table: dict[str, Any] = vars(import_module(f"scipy.linalg.cython_{library}"))["__pyx_capi__"]
    capsule, api = table[name], ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(address)
