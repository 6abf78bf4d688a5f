"""How fast this machine computes, measured once in some hundredths of a second."""

from __future__ import annotations

from functools import cache
from time import process_time

import numpy as np

__all__ = ["products_a_second"]

ROWS, COLUMNS = 1024, 1024  # of the matrix that is multiplied
REPEATS = 3


@cache
def products_a_second() -> float:
    """Return how many numbers of float64 are multiplied and added up in a CPU second.

    BLAS may use several threads, whose time counts.
    """
    rows = np.random.default_rng(0).standard_normal((ROWS, COLUMNS))
    seconds = []
    for _ in range(REPEATS + 1):
        begun = process_time()
        rows.T @ rows  # a half of it is done, the other is the same
        seconds.append(process_time() - begun)
    return ROWS * COLUMNS**2 / max(min(seconds[1:]), 1e-6)
