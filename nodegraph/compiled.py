"""Loops that are no steps, compiled by numba on first use, once per precision, kept on disk.

They run without the GIL. Import this inside functions only, since numba takes long.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, njit, types

__all__ = ["inner", "kernel", "read", "types", "write"]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}  # and no fastmath

_config: Any = config
Signature = Callable[[Any], Any]
Decorator = Callable[[Callable[..., Any]], Callable[[Any], Any]]


def inner(function: Callable[..., Any]) -> Any:
    """Return `function` compiled as a part of the kernels that call it.

    It must stand at the top of its module. Functions made by one factory share a name, and numba
    takes one for another when a kernel from the disk meets them freshly compiled.
    """
    return njit(**_OPTIONS)(function)


def read(dtype: Any, ndim: int) -> Any:
    """Return the type of an argument that is only read: a C-contiguous array, writable or not."""
    return types.Array(dtype, ndim, "C", readonly=True)


def write(dtype: Any, ndim: int) -> Any:
    """Return the type of an argument that is written: a C-contiguous array."""
    return types.Array(dtype, ndim, "C")


def kernel(signature: Signature) -> Decorator:
    """Return a decorator that turns a loop into ``compiled[dtype]``, compiled when first asked for.

    Parameters
    ----------
    signature : callable
        Gives the numba signature of the loop for the scalar type ``float32`` or ``float64``.
        A fixed signature lets read-only arrays share the code of writable ones.
    """

    def decorate(function: Callable[..., Any]) -> Callable[[Any], Any]:
        @cache
        def compiled(dtype: np.dtype[Any]) -> Any:
            return _compile(njit, signature(_scalar(dtype)), function, **_OPTIONS)

        return compiled

    return decorate


def _scalar(dtype: np.dtype[Any]) -> Any:
    return types.float32 if dtype.itemsize == 4 else types.float64


def _compile(how: Any, signature: Any, function: Callable[..., Any], **options: Any) -> Any:
    with _private_cache(Path(inspect.getfile(function)).parent):
        try:
            return how(signature, cache=True, **options)(function)
        except (RuntimeError, OSError):  # no folder, or no room, to keep compiled code in
            return how(signature, **options)(function)


@contextmanager
def _private_cache(home: Path) -> Iterator[None]:
    """Keep what is compiled under the digest of all sources it is made from.

    By itself numba sees a change in the file of a kernel, but not in the files of what it calls.
    """
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(Path(before or home / "__pycache__") / f"kernels-{_digest(home)}")
    try:
        yield
    finally:
        _config.CACHE_DIR = before


@cache
def _digest(home: Path) -> str:
    """Return a digest of the sources of kernels, and of what compiles them."""
    sources = [Path(__file__), *sorted(home.glob("*.py"))]
    return blake2b(b"".join(source.read_bytes() for source in sources), digest_size=8).hexdigest()
