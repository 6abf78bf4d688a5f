"""What plots accept: arrays of numbers of the right shape, and columns that exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError

__all__ = ["check_filled", "check_same_shape", "chosen", "numbers", "series"]

Floats = npt.NDArray[np.float64]
MOST_LINES = 6


def series(where: str, name: str, values: npt.ArrayLike) -> Floats:
    """Return `values` as (n_steps, n) floats, a vector as one column."""
    array = numbers(where, name, values)
    array = array[:, None] if array.ndim == 1 else array
    return check_filled(2, where, name, array)


def check_filled(dimensions: int, where: str, name: str, array: Floats) -> Floats:
    """Return `array` if it has so many dimensions and is not empty."""
    if array.ndim != dimensions or array.size == 0:
        raise DataError(
            f"{where}: {name} has shape {array.shape}; give a filled (n_steps, n) array"
        )
    return array


def numbers(where: str, name: str, values: npt.ArrayLike) -> Floats:
    """Return `values` as floats."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: {name} is not an array of numbers: {error}") from None


def check_same_shape(
    where: str, a: Floats, b: Floats, names: tuple[str, str] = ("y", "y_hat")
) -> None:
    """Refuse two arrays whose shapes differ, which would broadcast into a plausible picture."""
    if a.shape != b.shape:
        raise DataError(
            f"{where}: {names[0]} has shape {a.shape} and {names[1]} has shape {b.shape}; "
            "both need the same steps and outputs"
        )


def chosen(
    where: str, name: str, wanted: Sequence[int] | None, count: int, most: int = MOST_LINES
) -> list[int]:
    """Return the wanted columns counted from 0, or the first `most` of them."""
    chosen = list(range(min(count, most))) if wanted is None else [int(k) for k in wanted]
    if not chosen or any(not -count <= k < count for k in chosen):
        raise DataError(f"{where}: {name} is {chosen}; choose one or more of 0 to {count - 1}")
    return [k % count for k in chosen]
