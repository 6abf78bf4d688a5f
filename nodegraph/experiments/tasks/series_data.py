"""Independent series of a task: from tables that hold them one under the other, to lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.recordings import Recordings
from nodegraph.files.table_columns import Table, bounds, listed

__all__ = ["cut", "fitted", "labelled", "rows_of"]


def rows_of(lengths: Sequence[int], ahead: int, owners: Sequence[str] = ()) -> list[slice]:
    """Return the rows of each series, without the last ones whose target would come later.

    Parameters
    ----------
    lengths : sequence of int
        How many rows each has.
    ahead : int
        How many rows later the target stands.
    owners : sequence of str
        What the series are called.

    Raises
    ------
    DataError
        If a series is no longer than that.

    Examples
    --------
    >>> rows_of([3, 4], 1)
    [slice(0, 2, None), slice(3, 6, None)]
    """
    if short := [i for i, n_steps in enumerate(lengths) if n_steps <= ahead]:
        i = short[0]
        raise DataError(
            f"series {owners[i] if owners else i} has {lengths[i]} rows, and its target would "
            f"come {ahead} later; leave short series out"
        )
    return [slice(start, stop - ahead) for start, stop in bounds(lengths)]


def cut(data: Any, rows: Sequence[slice]) -> Any:
    """Return a list of series, by node where the data are; None stays None."""
    if isinstance(data, Mapping):
        return {name: cut(part, rows) for name, part in data.items()}
    return None if data is None else [data[each] for each in rows]


def fitted(other: Table, table: Table, where: str) -> Array:
    """Return the targets of a file, a row for each row of the data, or spread from one a series.

    A target of a whole series is that of its last row.

    Raises
    ------
    DataError
        If they are of other series.
    """
    lengths = table.lengths or ()
    ours, theirs = table.owners or (), other.owners or ()
    if ours != theirs and set(ours) == set(theirs):
        raise DataError(
            f"{where}: its series come in the order {listed(theirs, 3)}, those of the data in "
            f"{listed(ours, 3)}; bring them into one order"
        )
    if len(other.values) == len(lengths) < sum(lengths):
        rows = np.full((sum(lengths), other.values.shape[1]), np.nan)
        rows[[stop - 1 for _, stop in bounds(lengths)]] = other.values
        return rows
    if other.lengths is not None and other.lengths != tuple(lengths):
        if len(other.lengths) != len(lengths):
            raise DataError(
                f"{where}: {len(other.lengths)} series, and the data are {len(lengths)}"
            )
        pairs = zip(other.lengths, lengths, strict=True)
        i, (own, n_steps) = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1])
        name = ours[i] if ours else i
        raise DataError(f"{where}: series {name} has {own} rows, and {n_steps} in the data")
    return other.values


def labelled(table: Table, lengths: Sequence[int], labels: Array, where: str) -> Recordings:
    """Return series with a class each, whole numbers of another file."""
    if (odd := labels[labels % 1 != 0]).size:
        raise DataError(f"{where}: {odd[0]:g} is no class; a class is a whole number here")
    series = [table.values[start:stop] for start, stop in bounds(lengths)]
    names = [f"series {i}" for i in range(len(series))]
    words = [str(int(label)) for label in labels]
    return Recordings(where, series, words, names, table.owners or (), table.names, table.told)
