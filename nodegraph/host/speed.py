"""How fast this machine computes, measured once in some hundredths of a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import process_time
from typing import NamedTuple

import numpy as np

__all__ = ["Rates", "measured_rates"]

ROWS, COLUMNS = 1024, 512  # of the product that is timed
REPEATS = 3


class Rates(NamedTuple):
    """Operations a second of one core."""

    product: float  # multiplications and additions in products of matrices
    dense: float  # the same, one row after the other
    sparse: float  # the same, where numbers are picked from a row
    curve: float  # values of tanh and the like


@cache
def measured_rates(dtype: str) -> Rates:
    """Return the rates for numbers of a dtype; BLAS may use several threads, whose time counts."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((ROWS, COLUMNS)).astype(dtype)
    square, row, places = rows[:COLUMNS], rows[0], rng.integers(0, COLUMNS, 64 * COLUMNS)
    return Rates(
        ROWS * COLUMNS**2 / _seconds(lambda: rows.T @ rows),  # numpy does a half of it
        2 * COLUMNS**2 * 32 / _seconds(lambda: [square @ row for _ in range(32)]),
        2 * len(places) / _seconds(lambda: (row[places] * row[places]).sum()),
        ROWS * COLUMNS / _seconds(lambda: np.tanh(rows)),
    )


def _seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes at best."""
    work()
    found = []
    for _ in range(REPEATS):
        begun = process_time()
        work()
        found.append(process_time() - begun)
    return max(min(found), 1e-6)
