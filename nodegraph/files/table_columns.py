"""Which columns of a table, by name or by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["Columns", "Table", "chosen", "listed"]

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
    return [i for column in asked for i in _some(column, names, width, where)]


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
