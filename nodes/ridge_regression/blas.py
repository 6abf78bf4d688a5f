"""BLAS: sums of products over rows, with the GIL free for others and one thread; our own loops."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from threading import Lock
from typing import Any, Literal, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.host.machine import has_avx512
from nodegraph.host.numerics import blas_libraries, do_each, numerics

__all__ = [
    "PANEL",
    "add_products",
    "bounded_threads",
    "call",
    "check_order",
    "own_loops",
    "product",
]

PANEL = 512  # columns that are multiplied by one thread

_AWARE = ("SkylakeX", "Cooperlake", "SapphireRapids")  # kinds of BLAS that know AVX-512


def add_products(rows: Array, others: Array, gram: Array, cross: Array) -> None:
    """Add ``rows' rows`` to the upper triangle of `gram` and ``rows' others`` to `cross`, in place.

    What lies below the diagonal of `gram` is left as it is, or becomes anything. Panels of 512
    columns are the parts that threads do side by side, so that none of their number shows. Rows in
    float32 are multiplied in float32, and what comes of a block is added up in float64.

    Parameters
    ----------
    rows, others : ndarray, shape (m, n) and (m, k), C-contiguous
        Both float64, or both float32.
    gram, cross : ndarray of float64, shape (n, n) and (n, k), column by column
    """
    check_order(gram.T, cross.T)
    if own_loops():
        from nodes.kernels.gram import add_cross, add_gram

        check_order(rows, others)
        add_gram(rows, gram.T)
        add_cross(rows, others, cross.T)
        return
    check_order(rows, others, dtype=rows.dtype)
    panels = _Panels(rows, others, gram, cross)
    with bounded_threads():
        do_each(panels.add, range(0, len(gram), PANEL))


class _Panels(NamedTuple):
    """Rows and sums of their products; `add` does a panel of columns."""

    rows: Array
    others: Array
    gram: Array
    cross: Array

    def add(self, start: int) -> None:
        """Add the products of columns from `start` on with those up to their last, and others."""
        stop = min(start + PANEL, len(self.gram))
        sums = self.gram[:stop, start:stop], self.cross[start:stop]
        if self.rows.dtype == np.float64:
            self._multiply(start, stop, *sums, (len(self.gram),) * 2, np.ones(()))
            return
        square, cross = (np.empty(total.shape, np.float32, order="F") for total in sums)
        square[start:] = 0.0  # what lies below the diagonal is not written
        leads = stop, stop - start
        self._multiply(start, stop, square, cross, leads, np.zeros((), np.float32))
        for total, part in zip(sums, (square, cross), strict=True):
            total += part

    def _multiply(
        self,
        start: int,
        stop: int,
        square: Array,
        cross: Array,
        leads: tuple[int, int],
        kept: Array,
    ) -> None:
        """Add products to `kept` times what is there; `leads` are from column to column."""
        rows, (m, n), width, k = self.rows, self.rows.shape, stop - start, self.others.shape[1]
        one, kind = np.ones((), rows.dtype), "d" if rows.dtype == np.float64 else "s"
        own, diagonal = rows[:, start:], square[start:]
        call("blas", f"{kind}syrk", b"U", b"N", width, m, one, own, n, kept, diagonal, leads[0])
        gemm = partial(call, "blas", f"{kind}gemm", b"N", b"T")
        if start:
            gemm(start, width, m, one, rows, n, own, n, kept, square, leads[0])
        if k:
            gemm(width, k, m, one, own, n, self.others, k, kept, cross, leads[1])


def product(left: Array, right: Array) -> Array:
    """Return ``left right``; in the portable mode each element is summed in one fixed order."""
    if numerics() != "portable":
        products: Array = left @ right
        return products
    from nodes.kernels.affine import affine_by_columns

    kind = np.result_type(left, right)
    left, right = left.astype(kind, copy=False), right.astype(kind, copy=False)
    return affine_by_columns(left, right, np.zeros(right.shape[1], kind))


def own_loops() -> bool:
    """Tell whether our own loops are to be used: for their bits, or since they are faster."""
    return numerics() == "portable" or (numerics() == "exact" and _blas_lags_behind())


@cache
def _blas_lags_behind() -> bool:
    """Tell whether the processor has AVX-512, and BLAS does not know it."""
    return has_avx512() and _blas_kind() not in _AWARE


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
        return ctypes.c_void_p(value.__array_interface__["data"][0])  # sooner than by .ctypes
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


@contextmanager
def bounded_threads() -> Iterator[None]:
    """Give BLAS one thread, whoever asks and however often, until the last one has left.

    In the fast mode it keeps the threads that it has; see `nodegraph.host.numerics`.

    Most BLAS libraries have one number of threads for the whole process. Workers that come and go
    at different times must not set it back for each other, nor each to what it found. One that
    cannot be told, as Accelerate of macOS, keeps its own.
    """
    if numerics() == "fast":
        yield
        return
    before = _limit.enter()
    try:
        yield
    finally:
        _limit.leave(before)


class _Limit:
    """One limit for all who are inside."""

    def __init__(self) -> None:
        self.lock, self.inside, self.outside = Lock(), 0, [0]

    def enter(self) -> list[int]:
        with self.lock:
            self.inside += 1
            if self.inside > 1 and not any(map(_is_by_thread, _libraries())):
                return self.outside
            before = [int(library.num_threads) for library in _libraries()]
            if self.inside == 1:
                self.outside = before
            for library in _libraries():
                _set(library, 1)
            return before

    def leave(self, before: list[int]) -> None:
        with self.lock:
            self.inside -= 1
            for library, own, shared in zip(_libraries(), before, self.outside, strict=True):
                if _is_by_thread(library):
                    _set(library, own)
                elif not self.inside:
                    _set(library, shared)


def _is_by_thread(library: Any) -> bool:
    """Tell whether a library has a number for each thread that calls it."""
    return bool(library.threading_layer == "openmp")


def _set(library: Any, n: int) -> None:
    """Set the number of threads, also where another Python thread was the last to do so."""
    free = getattr(library, "clear_controlling_thread", lambda **_: None)
    free(force=True)
    library.set_num_threads(n)
    free(force=True)


_limit = _Limit()


def _blas_kind() -> str:
    """Return the kind of processor that the BLAS of scipy takes this one for, if it tells."""
    return str(getattr(_libraries()[-1], "architecture", "")) if _libraries() else ""


def _libraries() -> list[Any]:
    libraries: list[Any] = blas_libraries().lib_controllers
    return libraries
