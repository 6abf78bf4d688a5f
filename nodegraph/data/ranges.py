"""Options of data sets and metrics, checked: errors name the option and what is allowed."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.graph.messages.phrases import shown
from nodegraph.host import memory_budget as budget

__all__ = [
    "bounded",
    "count_rows",
    "exclusive",
    "flag",
    "generator",
    "real",
    "unasked",
    "vector",
    "whole",
]

_LARGEST = sys.float_info.max


def whole(where: str, value: Any, least: int = 1) -> int:
    """Return `value`, a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise DataError(
            f"{where}: should be a whole number of at least {least} (got {shown(value)})"
        )
    return int(value)


def flag(where: str, value: Any) -> bool:
    """Return `value`, True or False."""
    if not isinstance(value, bool | np.bool_):
        raise DataError(f"{where}: should be true or false (got {shown(value)})")
    return bool(value)


def unasked(where: str, gaps: Any) -> float:
    """Return what targets are where nothing is asked: NaN with `gaps`, else 0."""
    return math.nan if flag(f"{where}.gaps", gaps) else 0.0


def real(
    where: str,
    value: Any,
    *,
    above: float = -math.inf,
    low: float = -math.inf,
    high: float = math.inf,
) -> float:
    """Return `value`, a finite number greater than `above` and from `low` to `high`."""
    number = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not number or not abs(value) <= _LARGEST:
        raise DataError(f"{where}: should be a finite number (got {shown(value)})")
    if value <= above:
        raise DataError(f"{where}: should be greater than {above:g} (got {shown(value)})")
    if not low <= value <= high:
        raise DataError(f"{where}: should be from {low:g} to {high:g} (got {shown(value)})")
    return float(value)


def vector(where: str, value: Any, size: int | None = None) -> Array:
    """Return `value` as a new array of `size` finite numbers."""
    try:
        numbers = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{where}: should be a list of numbers (got {shown(value)})") from None
    if numbers.ndim != 1 or numbers.size < 1 or (size is not None and numbers.size != size):
        count = "at least one number" if size is None else f"{size} numbers"
        raise DataError(f"{where}: should be a flat list of {count} (got {shown(value)})")
    if not np.isfinite(numbers).all():
        raise DataError(f"{where}: should hold finite numbers (got {shown(value)})")
    return numbers


def generator(where: str, seed: Any) -> np.random.Generator:
    """Return a generator of random numbers started by `seed`."""
    return np.random.default_rng(whole(f"{where}.seed", seed, least=0))


def exclusive(where: str, **given: Any) -> None:
    """Refuse options that are given, that is not None, beside one another.

    Raises
    ------
    DataError
        If the second would have no effect.

    Examples
    --------
    >>> exclusive("lorenz96", x0=None, seed=3)
    """
    if len(both := [option for option, value in given.items() if value is not None]) > 1:
        raise DataError(
            f"{where}: {both[0]} is the start, so {both[1]} would have no effect; write only one"
        )


def bounded(where: str, series: Array, advice: str) -> Array:
    """Return `series` if it stayed finite.

    Raises
    ------
    DataError
        If it did not, with the step at which it left all bounds.
    """
    finite = np.isfinite(series).all(axis=1)
    if not finite.all():
        raise DataError(f"{where}: left all bounds at step {int(np.argmin(finite))}; {advice}")
    return series


def count_rows(where: str, steps: Any, discard: Any, width: int) -> tuple[int, int]:
    """Return `steps` and `discard`, whole numbers for whose rows of `width` there is memory.

    Raises
    ------
    BudgetError
        If there is none.
    """
    steps, discard = whole(f"{where}.steps", steps), whole(f"{where}.discard", discard, least=0)
    budget.check(dict([budget.part("steps", (steps + discard, width))]), where)
    return steps, discard
