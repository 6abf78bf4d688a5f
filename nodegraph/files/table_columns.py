"""Which columns of a table, by name or by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.wording.phrases import nearest, shown

__all__ = ["Columns", "Table", "chosen"]

Columns = Sequence[str | int] | str | int | None


class Table(NamedTuple):
    """Numbers of shape (n_rows, n_columns), and what the columns are called, if anything."""

    values: Array
    names: tuple[str, ...] | None = None


def chosen(columns: Columns, names: Sequence[str] | None, width: int, where: str) -> list[int]:
    """Return the numbers, from 0, of `columns` in a table.

    Parameters
    ----------
    columns : list of str or int, str, int or None
        What is asked for; None is all.
    names : list of str or None
        What the columns are called.
    width : int
        How many there are.
    where : str
        What messages begin with.

    Raises
    ------
    DataError
        If one is not there.

    Examples
    --------
    >>> chosen(["y", 0], ["x", "y"], 2, "a.csv")
    [1, 0]
    """
    if columns is None:
        return list(range(width))
    listed = [columns] if isinstance(columns, (str, int)) else list(columns)
    if not listed:
        raise DataError(f"{where}: columns is an empty list; leave it out for all")
    return [_one(column, names, width, where) for column in listed]


def _one(column: str | int, names: Sequence[str] | None, width: int, where: str) -> int:
    if isinstance(column, int):
        if not 0 <= column < width:
            raise DataError(f"{where}: no column {column}; there are 0 to {width - 1}")
        return column
    if names is None:
        raise DataError(f"{where}: columns have no names here; write their numbers, from 0")
    if names.count(column) > 1:
        raise DataError(f"{where}: two columns are called {shown(column)}; write its number")
    if column not in names:
        guess = nearest(column, names)
        hint = f"did you mean {guess}?" if guess else f"there are {', '.join(names[:20])}"
        raise DataError(f"{where}: no column {shown(column)}; {hint}")
    return names.index(column)
