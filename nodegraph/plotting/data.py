"""What is drawn: series as numbers, and what their columns and rows are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nodegraph.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "check_filled",
    "check_same_shape",
    "chosen",
    "column_names",
    "found_whole",
    "label_times",
    "lane_names",
    "numbers",
    "row_index",
    "series",
    "times",
]

Floats = npt.NDArray[np.float64]
MOST_LINES = 6
_ZONE = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")


def series(where: str, name: str, values: npt.ArrayLike) -> Floats:
    """Return `values` as (n_steps, n) floats, a vector as one column."""
    array = numbers(where, name, values)
    array = array[:, None] if array.ndim == 1 else array
    return check_filled(2, where, name, array)


def found_whole(where: str, maker: str, found: Any, *fields: str) -> Any:
    """Return `found` if it has all fields that are drawn, as what `maker` returns has."""
    if not all(hasattr(found, field) for field in fields):
        raise DataError(
            f"{where}: got {type(found).__name__}; give the whole of what dynamics.{maker} returns"
            f", as in found = ng.dynamics.{maker}(...), then ng.plotting.{where}(found)"
        )
    return found


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


def column_names(*tables: Any) -> list[str] | None:
    """Return the names of the columns of the first table that has some, None without.

    Examples
    --------
    >>> column_names([[1.0]]) is None
    True
    """
    for table in tables:
        if hasattr(table, "columns"):
            return [str(name) for name in table.columns]
        name = getattr(table, "name", None)
        if name is not None and not callable(name):
            return [str(name)]
    return None


def row_index(*tables: Any) -> Any:
    """Return the index of the first table of pandas, None without."""
    return next((table.index for table in tables if hasattr(table, "iloc")), None)


def times(where: str, index: Any, steps: int, start: int = 0) -> Any:
    """Return what stands on the axis of time: numbers or dates, one a step.

    Raises
    ------
    DataError
        If `index` has another length, or holds neither numbers nor dates.

    Examples
    --------
    >>> times("prediction", None, 3, start=5)
    array([5, 6, 7])
    >>> times("prediction", ["2024-01-31", "2024-02-29"], 2)
    array(['2024-01-31T00:00:00.000000', '2024-02-29T00:00:00.000000'],
          dtype='datetime64[us]')
    """
    if index is None:
        return start + np.arange(steps)
    values = _plain(where, index)
    if values.shape != (steps,):
        raise DataError(
            f"{where}: index has shape {values.shape} for {steps} steps; give one entry a step"
        )
    return values


def _plain(where: str, index: Any) -> Any:
    """Return an index as numbers or dates; dates with a zone as its clocks show them."""
    index = getattr(index, "array", index)
    if hasattr(index, "to_timestamp"):  # periods
        index = index.to_timestamp()
    if getattr(index, "tz", None) is not None:
        index = index.tz_localize(None)
    if getattr(getattr(index, "dtype", None), "time_zone", None):  # polars
        index = index.to_list()
    if getattr(getattr(index, "type", None), "tz", None):  # pyarrow
        index = index.to_pylist()
    values = np.asarray(index)
    if values.dtype.kind in "OU" and values.ndim == 1:
        values = np.array([_on_the_clock(one) for one in values.tolist()])
    if values.dtype.kind in "biuf":
        return values
    if values.dtype.kind == "m":
        return values / np.timedelta64(1, "s")
    try:
        return values.astype("datetime64[us]")
    except (TypeError, ValueError):
        raise DataError(f"{where}: index holds neither numbers nor dates") from None


def _on_the_clock(time: Any) -> Any:
    """Return a time without its zone, as the clocks there show it."""
    if isinstance(time, str):
        return _ZONE.sub("", time) if ":" in time else time
    return time.replace(tzinfo=None) if getattr(time, "tzinfo", None) else time


def label_times(ax: Axes, values: Any, index: Any) -> str:
    """Write dates short, and return the label of the axis of time."""
    name = getattr(index, "name", None)
    if np.asarray(values).dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        return str(name) if name is not None else "time"
    if getattr(getattr(index, "dtype", None), "kind", "") == "m":
        return f"{name or 'time'} (s)"
    return str(name) if name is not None else "time (steps)"


def lane_names(
    names: Sequence[str] | None, shown: Sequence[int], known: Sequence[str] | None = None
) -> list[str]:
    """Return a name for every drawn output: as told, else as the columns are called."""
    if names is None:
        return [f"output {k}" if known is None else known[k] for k in shown]
    if len(names) > len(shown) and len(names) > max(shown):
        return [str(names[k]) for k in shown]
    if len(names) != len(shown):
        raise DataError(f"{len(names)} names for {len(shown)} outputs; give one name an output")
    return [str(name) for name in names]
