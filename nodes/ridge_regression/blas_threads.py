"""Holding BLAS to one thread while sums have to have one order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from nodegraph.host.blas import blas_libraries
from nodegraph.host.numerics import numerics

__all__ = ["blas_kind", "bounded_threads"]


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
            before = [int(library.num_threads) for library in _libraries()]
            if not self.inside:
                self.outside = before
            self.inside += 1
            for library in _libraries():
                _set(library, 1)
            return before

    def leave(self, before: list[int]) -> None:
        with self.lock:
            self.inside -= 1
            for library, own, shared in zip(_libraries(), before, self.outside, strict=True):
                if library.threading_layer == "openmp":  # a number for each thread
                    _set(library, own)
                elif not self.inside:
                    _set(library, shared)


def _set(library: Any, n: int) -> None:
    """Set the number of threads, also where another Python thread was the last to do so."""
    free = getattr(library, "clear_controlling_thread", lambda **_: None)
    free(force=True)
    library.set_num_threads(n)
    free(force=True)


_limit = _Limit()


def blas_kind() -> str:
    """Return the kind of processor that the BLAS of scipy takes this one for, if it tells."""
    return str(getattr(_libraries()[-1], "architecture", "")) if _libraries() else ""


def _libraries() -> list[Any]:
    libraries: list[Any] = blas_libraries().lib_controllers
    return libraries
