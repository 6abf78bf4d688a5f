"""How exactly results are repeated, on however many threads: three modes, the first the default.

exact
    The same bits for any chunking, grouping of series, number of workers, engine and resumption,
    on machines of one type with the same libraries.
portable
    Also the same bits on any x86-64 machine, from the same weights: sums and solves go through
    this package's own compiled loops, which use no fused operations, instead of BLAS and LAPACK.
fast
    Right to 1e-9 in double and 1e-4 in single precision: BLAS and LAPACK may use all their
    threads, so that one long series is learned from on all cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Literal, TypeVar, get_args

from nodegraph.errors import FieldError

__all__ = [
    "Numerics",
    "blas_libraries",
    "checked_numerics",
    "do_each",
    "lent_threads",
    "numerics",
    "one_blas_thread",
    "set_numerics",
    "using",
]

Numerics = Literal["exact", "portable", "fast"]

_mode: ContextVar[Numerics] = ContextVar("numerics", default="exact")


def numerics() -> Numerics:
    """Return the mode of the model that is at work."""
    return _mode.get()


def set_numerics(mode: Numerics) -> None:
    """Set the mode for the rest of this thread, such as a worker's."""
    _mode.set(mode)


@contextmanager
def using(mode: Numerics) -> Iterator[None]:
    """Work in a mode.

    Examples
    --------
    >>> with using("portable"):
    ...     numerics()
    'portable'
    """
    before = _mode.set(mode)
    try:
        yield
    finally:
        _mode.reset(before)


def checked_numerics(mode: Any) -> Numerics:
    """Return `mode` if there is such a one."""
    for known in get_args(Numerics):
        if mode == known:
            return known  # type: ignore[no-any-return]
    raise FieldError(f"numerics: expected one of {', '.join(get_args(Numerics))}, got {mode!r}")


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


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS has one thread, so that bits do not tell how many it has."""
    limited: AbstractContextManager[Any] = blas_libraries().limit(limits=1)
    return limited


@cache
def blas_libraries() -> Any:
    """Return threadpoolctl's controller of the BLAS of numpy and of scipy."""
    import scipy.linalg.blas  # noqa: F401  so that the BLAS of scipy is there to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
