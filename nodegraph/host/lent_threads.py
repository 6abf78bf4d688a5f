"""Threads that are lent to whoever has parts that can be done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from nodegraph.host.numerics import numerics, set_numerics

__all__ = ["do_each", "lent_threads"]

_Part = TypeVar("_Part")
_lent: ContextVar[Executor | None] = ContextVar("_lent", default=None)


@contextmanager
def lent_threads(threads: int | None) -> Iterator[None]:
    """Lend so many threads to this one, as long as it is in here; None or 1: none."""
    if threads is None or threads < 2:
        yield
        return
    with ThreadPoolExecutor(threads, initializer=set_numerics, initargs=(numerics(),)) as pool:
        token = _lent.set(pool)
        try:
            yield
        finally:
            _lent.reset(token)


def do_each(function: Callable[[_Part], None], parts: Iterable[_Part]) -> None:
    """Call `function` with each part: on the threads that are lent to this one, or here.

    Parts must not touch what others write, so that nobody can tell how many threads there are.
    """
    pool = _lent.get()
    for _ in map(function, parts) if pool is None else pool.map(function, parts):
        pass
