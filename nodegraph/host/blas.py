"""The BLAS libraries of this process, looked for once, and one thread for them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

__all__ = ["blas_libraries", "one_blas_thread"]


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
