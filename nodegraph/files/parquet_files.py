"""Columns of numbers in a .parquet file, by pyarrow or polars if one of them is there."""

from __future__ import annotations

import decimal
import json
import math
import re
from collections.abc import Collection, Sequence
from typing import Any, BinaryIO

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.table_columns import Columns, Table, chosen, listed

__all__ = ["read_parquet"]

_INDEX = re.compile(r"__index_level_[0-9]+__")


def read_parquet(
    file: BinaryIO, name: str, columns: Columns = None, kept: Sequence[str | int] = ()
) -> Table:
    """Return the numbers of a .parquet file; missing ones are NaN.

    What pandas noted in the file as the index of a frame is no column, unless it is asked for.

    Parameters
    ----------
    file : binary file
    name : str
        Name of the file, for messages.
    columns : list of str or int, optional
        Which columns, by name or by number from 0; else all.
    kept : list of str or int
        Columns that are no numbers, such as that of times; the `words` of the table.

    Raises
    ------
    DataError
        If neither library is there, the file is none of these, or a column is no numbers.
    """
    names, table, index = _opened(file, name)
    texts = [chosen(each, names, len(names), name)[0] for each in kept]
    ours = [i for i, title in enumerate(names) if title not in index]
    picked = [
        i for i in _asked(columns, names, ours, name) if i not in texts or columns is not None
    ]
    if both := [names[i] for i in texts if i in picked]:
        raise DataError(
            f"{name}: column {both[0]} is kept as text and is no input; leave it out of columns"
        )
    if not picked:
        raise DataError(f"{name}: has no columns but an index")
    values = np.column_stack([_numbers(table[names[i]], names[i], name) for i in picked])
    words = tuple(tuple(np.asarray(table[names[i]]).astype(str).tolist()) for i in texts)
    told = _told(values, name, [t for t in names if t in index and columns is None])
    return Table(values, tuple(names[i] for i in picked), None, told, words)


def _asked(columns: Columns, names: Sequence[str], kept: Sequence[int], name: str) -> list[int]:
    """Return the columns asked for, by number in the file; numbers leave the index out."""
    if columns is None:
        return list(kept)
    words = [columns] if isinstance(columns, (str, int)) else list(columns)
    if any(isinstance(word, str) for word in words):
        kept = [*kept, *(i for i in range(len(names)) if i not in kept)]  # an index by its name
    return [kept[i] for i in chosen(columns, [names[i] for i in kept], len(kept), name)]


def _told(values: Array, name: str, index: Sequence[str]) -> str:
    parts = [f"read {len(values)} rows of {values.shape[1]} numbers from {name}"]
    if index:
        parts.append(f"{listed(index)}, the index of pandas, left out")
    if n_missing := int(np.isnan(values.astype(float)).sum()):
        parts.append(f"{n_missing} missing cells are NaN")
    return "; ".join(parts)


def _numbers(column: Any, title: str, name: str) -> Array:
    values = np.asarray(column)
    if values.dtype == object:  # what can be missing: truth values, decimals
        if all(isinstance(v, bool | int | float | decimal.Decimal | None) for v in values):
            return np.array([math.nan if v is None else float(v) for v in values])
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"{name}: column {title} holds {values.dtype}, not numbers; leave it out by "
            "columns: [...], or call the rows by it with time:"
        )
    return values


def _opened(file: BinaryIO, name: str) -> tuple[list[str], Any, Collection[str]]:
    """Return names of columns, what has them, and which of them are an index."""
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return _opened_by_polars(file, name)
    try:
        table = parquet.read_table(file)
        noted = (table.schema.metadata or {}).get(b"pandas", b"{}")
    except Exception as error:  # pyarrow.ArrowInvalid and others
        raise DataError(f"{name}: is no parquet file: {type(error).__name__}") from None
    return _distinct(list(table.column_names), name), table, _index_of(noted, table.column_names)


def _opened_by_polars(file: BinaryIO, name: str) -> tuple[list[str], Any, Collection[str]]:
    try:
        import polars  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise DataError(
            f"{name}: needs polars or pyarrow: pip install polars; or save it as .csv"
        ) from None
    try:
        table = polars.read_parquet(file)
        file.seek(0)
        ask: Any = getattr(polars, "read_parquet_metadata", None)
        noted = ask(file).get("pandas", "{}") if ask else "{}"
    except Exception as error:  # each release of polars has its own kinds
        raise DataError(f"{name}: is no parquet file: {type(error).__name__}") from None
    return list(table.columns), table, _index_of(noted, list(table.columns))


def _index_of(noted: str | bytes, names: Sequence[str]) -> set[str]:
    """Return which columns pandas noted as an index."""
    try:
        found = json.loads(noted).get("index_columns", [])
    except (ValueError, AttributeError, RecursionError):
        found = []
    named = {word for word in found if isinstance(word, str)} if isinstance(found, list) else set()
    return named | {word for word in names if _INDEX.fullmatch(word)}


def _distinct(names: list[str], name: str) -> list[str]:
    if twice := [word for word in names if names.count(word) > 1]:
        raise DataError(f"{name}: two columns are called {twice[0]}; rename one of them")
    return names
