"""Tables that hold many independent series, one under the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.numerals import grammar
from nodegraph.files.table_columns import Table, listed
from nodegraph.graph.messages.phrases import shown

__all__ = ["ARRAYS", "bounds", "by_column", "by_rows", "joined", "stacked"]

ARRAYS = "arrays"  # each array of an .npz file is a series


def bounds(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first row of each series and the one behind its last.

    Examples
    --------
    >>> bounds([2, 3])
    [(0, 2), (2, 5)]
    """
    return list(pairwise(accumulate(lengths, initial=0)))


def stacked(array: Array, where: str) -> Table:
    """Return an array of three axes, (series, steps, columns), as a table."""
    n_series, n_steps, width = array.shape
    if not array.size:
        raise DataError(f"{where}: there is nothing in it, its shape is {array.shape}")
    told = f"read {n_series} series of {n_steps} rows from {where}"
    return Table(array.reshape(-1, width), told=told, lengths=(n_steps,) * n_series)


def joined(arrays: Mapping[str, Array], where: str) -> Table:
    """Return arrays that are a series each as one table, in their order.

    Raises
    ------
    DataError
        If one is no table, has no rows, or has another number of columns than the first.
    """
    first = next(iter(arrays.values()))
    for name, array in arrays.items():
        if array.ndim != 2 or not array.size:
            raise DataError(
                f"{where}[{name}]: a series has rows and columns, and its shape is {array.shape}; "
                "write key: for one array alone"
            )
        if array.shape[1] != first.shape[1]:
            raise DataError(
                f"{where}[{name}]: {array.shape[1]} columns, but the first series has "
                f"{first.shape[1]}"
            )
    lengths = tuple(map(len, arrays.values()))
    names = listed(list(arrays), 3)
    told = f"read {len(lengths)} series ({names}) of {_span(lengths)} rows from {where}"
    return Table(np.vstack(list(arrays.values())), told=told, lengths=lengths, owners=tuple(arrays))


def by_rows(table: Table, rows: int, where: str) -> Table:
    """Return a table cut into series of so many rows, the last one as long as is left."""
    n = len(table.values)
    if rows > n:
        raise DataError(f"{where}: series of {rows} rows, and there are {n}")
    rest = n % rows
    lengths = (rows,) * (n // rows) + (rest,) * (rest > 0)
    short = f", the last of {rest}" if rest else ""
    told = f"{table.told}; cut into {len(lengths)} series of {rows} rows{short}"
    return table._replace(lengths=lengths, told=told)


def by_column(table: Table, names: Sequence[str], where: str) -> Table:
    """Return the rows of a table series by series, as a column of words names them.

    Rows of a series are put together wherever they stand, in the order of the table.

    Raises
    ------
    DataError
        If a row names no series.
    """
    kind, rows = grammar().kind, dict[str, list[int]]()
    for row, name in enumerate(names):
        if kind(name) == "gap":
            raise DataError(f"{where}: series is missing in row {row} ({shown(name)})")
        rows.setdefault(name, []).append(row)
    order = [row for own in rows.values() for row in own]
    lengths = tuple(map(len, rows.values()))
    times = None if table.times is None else tuple(table.times[row] for row in order)
    told = f"{table.told}; {len(lengths)} series of {_span(lengths)} rows"
    return table._replace(
        values=table.values[order], times=times, lengths=lengths, told=told, owners=tuple(rows)
    )


def _span(lengths: Sequence[int]) -> str:
    low, high = min(lengths), max(lengths)
    return f"{low}" if low == high else f"{low} to {high}"
