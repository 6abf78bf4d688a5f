"""Columns of a table, by name or number, and the series that stand in its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, warn
from nodegraph.files.numerals import grammar
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = [
    "ARRAYS",
    "Columns",
    "Table",
    "bounds",
    "by_column",
    "by_rows",
    "chosen",
    "joined",
    "listed",
    "stacked",
]

Columns = Sequence[str | int] | str | int | None


class Table(NamedTuple):
    """Numbers of a table, and what is known of them.

    Parameters
    ----------
    values : array, shape (n_rows, n_columns)
    names : tuple of str or None
        What the columns are called.
    times : tuple of str or None
        What the rows are called: the cells of the column of times.
    told : str
        What was taken for what, in a sentence.
    words : tuple of tuple of str
        The cells of further columns that are kept as text.
    lengths : tuple of int or None
        How many rows each of the independent series has that stand one under the other in it;
        None: it is one series.
    owners : tuple of str or None
        What those series are called.
    idle : tuple of str or float
        What was to stand for a missing number, and is in no cell.
    """

    values: Array
    names: tuple[str, ...] | None = None
    times: tuple[str, ...] | None = None
    told: str = ""
    words: tuple[tuple[str, ...], ...] = ()
    lengths: tuple[int, ...] | None = None
    owners: tuple[str, ...] | None = None
    idle: tuple[str | float, ...] = ()


def chosen(columns: Columns, names: Sequence[str] | None, width: int, where: str) -> list[int]:
    """Return the numbers, from 0, of `columns` in a table.

    Parameters
    ----------
    columns : list of str or int, str, int or None
        What is asked for; None is all. ``"3..7"`` and ``"first..last"`` are all from one to the
        other.
    names : list of str or None
        What the columns are called.
    width : int
        How many there are.
    where : str
        What messages begin with.

    Raises
    ------
    DataError
        If one is not there, or a number is the name of another column.

    Examples
    --------
    >>> chosen(["y", 0], ["x", "y"], 2, "a.csv")
    [1, 0]
    >>> chosen(["5..7", 2], None, 9, "a.npy")
    [5, 6, 7, 2]
    """
    if columns is None:
        return list(range(width))
    asked = [columns] if isinstance(columns, (str, int)) else list(columns)
    if not asked:
        raise DataError(f"{where}: columns is an empty list; leave it out for all")
    found = [i for column in asked for i in _some(column, names, width, where)]
    if twice := [i for i in dict.fromkeys(found) if found.count(i) > 1]:
        called = [names[i] for i in twice] if names else twice
        warn(
            f"{where}: among the columns that are asked for {listed(called)} "
            f"{'stands' if len(twice) == 1 else 'stand'} more than once, and so "
            f"{'counts' if len(twice) == 1 else 'count'} as often; write each once"
        )
    return found


def _some(column: str | int, names: Sequence[str] | None, width: int, where: str) -> Sequence[int]:
    """Return the number of one column, or of all in a range."""
    ends = column.split("..") if isinstance(column, str) else []
    if len(ends) != 2 or not all(ends) or column in (names or ()):
        return [_one(column, names, width, where)]
    first, last = (_one(_end(end, names), names, width, where) for end in ends)
    if last < first:
        raise DataError(f"{where}: {column} goes back; write {ends[1]}..{ends[0]}")
    return range(first, last + 1)


def _end(word: str, names: Sequence[str] | None) -> str | int:
    """Return one end of a range: a number unless it is a name."""
    return int(word) if word.isascii() and word.isdigit() and word not in (names or ()) else word


def listed(columns: Sequence[Any], most: int = 8) -> str:
    """Return columns as they are written in a list, the first few of many."""
    words = ", ".join(str(column) for column in columns[:most])
    return f"{words}, ..." if len(columns) > most else words


def _one(column: str | int, names: Sequence[str] | None, width: int, where: str) -> int:
    if isinstance(column, int):
        return _numbered(column, names or (), width, where)
    if names is None:
        raise DataError(
            f"{where}: columns have no names here; write their numbers, from 0, or names: [...]"
        )
    if names.count(column) > 1:
        raise DataError(f"{where}: two columns are called {shown(column)}; write its number")
    if column not in names:
        guess = nearest(column, names)
        hint = f"did you mean {_plain(guess)}?" if guess else f"there are {', '.join(names[:20])}"
        raise DataError(f"{where}: no column {shown(column)}; {hint}")
    return names.index(column)


def _plain(name: str) -> str:
    """Return a name, in quotes if it has some of its own."""
    return name if name == name.strip("'\"") else repr(name)


def _numbered(column: int, names: Sequence[str], width: int, where: str) -> int:
    called = names.index(str(column)) if str(column) in names else column
    if called != column:
        raise DataError(
            f'{where}: {column} may be a number or a name here; write "{column}" in quotes for the '
            "column of that name"
            + (f", {shown(names[column])} for number {column}" if column < width else "")
        )
    if not 0 <= column < width:
        raise DataError(f"{where}: no column {column}; there are 0 to {width - 1}")
    return column


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
