"""Arrays of objects as arrays of floats: gaps become NaN, anything else is named with its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError

__all__ = ["cell", "floats"]

SCANNED = 1000  # objects that are looked at for the kinds that an error names


def floats(array: Array, where: str, names: tuple[str, ...] = ()) -> Array:
    """Return an array of objects as floats: None, pd.NA and the like are NaN.

    Parameters
    ----------
    array : ndarray of objects
    where : str
        What the message of an error calls it.
    names : tuple of str
        Of its columns, for that message.

    Raises
    ------
    DataError
        If an object is no number: text, dates, arrays.
    """
    numbers = np.empty(array.size)
    for i, item in enumerate(array.ravel().tolist()):
        number = _number(item)
        if number is None:
            place = np.unravel_index(i, array.shape)
            kinds = sorted({type(each).__name__ for each in array.ravel()[:SCANNED]})
            raise DataError(
                f"{where}: expected numbers, got objects ({', '.join(kinds)}), as "
                f"{_shown(item)} in {cell(place, names)}{_cure(item)}"
            )
        numbers[i] = number
    return numbers.reshape(array.shape)


def cell(place: Any, names: tuple[str, ...] = ()) -> str:
    """Return where a value stands, in words: row, column, and the name of the column.

    Examples
    --------
    >>> cell((3, 1), ("wind", "rain"))
    "row 3, column 1 ('rain')"
    """
    row, *columns = (int(i) for i in place) if len(place) else (0,)
    if not columns:
        return f"row {row}"
    named = f" ({names[columns[-1]]!r})" if names else ""
    return f"row {row}, column {', '.join(map(str, columns))}{named}"


def _number(item: Any) -> float | None:
    """Return a float, NaN for a gap, None for what is no number."""
    if item is None or type(item).__name__ == "NAType":
        return float("nan")
    if isinstance(item, str | bytes | np.datetime64 | np.timedelta64) or np.ndim(item):
        return None
    try:
        return float(item)
    except (TypeError, ValueError):
        return None


def _shown(item: Any) -> str:
    if isinstance(item, str | bytes | int | float | None):
        return repr(item)
    return f"a {type(item).__name__}"


def _cure(item: Any) -> str:
    if isinstance(item, dict):
        return "; several inputs are one dict of lists, {name: [series, ...]}"
    if isinstance(item, str):
        return "; leave text out, or give each category a column of its own: pd.get_dummies(x)"
    return ""
