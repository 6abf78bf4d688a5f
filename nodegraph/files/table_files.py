"""Arrays in .csv, .npy, .npz and .parquet files that a YAML graph names."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.array_files import read_npy, read_npz
from nodegraph.files.csv_files import read_csv
from nodegraph.files.safe_files import open_below
from nodegraph.files.table_columns import Columns, Table, chosen

__all__ = ["load_array", "load_table"]

SUFFIXES = (".csv", ".npy", ".npz", ".parquet")


def load_array(
    file: str,
    *,
    root: str | os.PathLike[str],
    key: str | None = None,
    columns: Columns = None,
) -> Array:
    """Return an array of any shape from a file below `root`.

    Parameters
    ----------
    file : str
        Path of a .csv, .npy, .npz or .parquet file, relative to `root`.
    root : path-like
        Folder of the YAML; nothing outside it is read.
    key : str, optional
        Which array of a .npz file.
    columns : list of str or int, optional
        Which columns of a table.

    Raises
    ------
    DataError
        If there is no such file, array or column, or a cell is no number.
    """
    return _load(file, root, key, columns).values


def load_table(
    file: str,
    columns: Columns = None,
    key: str | None = None,
    *,
    root: str | os.PathLike[str],
) -> Table:
    """Return a table from a file below `root`: floats of shape (n_rows, n_columns), and names.

    Takes what `load_array` takes; an array with one axis becomes one column. Missing cells of a
    .csv file are NaN.

    Raises
    ------
    DataError
        As `load_array`, or if the array has no rows or more than two axes.
    """
    array, names = _load(file, root, key, columns)
    if array.ndim not in (1, 2) or array.size == 0:
        raise DataError(f"{file}: should be a table with rows and columns (got {array.shape})")
    floats = array.astype(array.dtype.newbyteorder("=") if array.dtype.kind == "f" else float)
    return Table(floats[:, None] if floats.ndim == 1 else floats, names)


def _load(file: str, root: str | os.PathLike[str], key: str | None, columns: Columns) -> Table:
    suffix = PurePosixPath(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{file}: should end in {', '.join(SUFFIXES)}")
    if key is not None and suffix != ".npz":
        raise DataError(f"{file}: only .npz files have keys; leave key out")
    with open_below(root, file) as opened:
        if suffix == ".csv":
            return read_csv(opened, file, columns)
        if suffix == ".parquet":
            return _read_parquet(opened, file, columns)
        array = read_npy(opened, file) if suffix == ".npy" else read_npz(opened, file, key)
    return Table(array if columns is None else _picked(array, columns, file))


def _picked(array: Array, columns: Columns, file: str) -> Array:
    table = array[:, None] if array.ndim == 1 else array
    if table.ndim != 2:
        raise DataError(f"{file}: has {array.ndim} axes, so no columns to choose")
    return table[:, chosen(columns, None, table.shape[1], file)]


def _read_parquet(opened: BinaryIO, file: str, columns: Columns) -> Table:
    names, table = _parquet(opened, file)
    picked = chosen(columns, names, len(names), file)
    parts = []
    for i in picked:
        column = np.asarray(table[names[i]])
        if column.dtype.kind not in "biuf":
            raise DataError(f"{file}: column {names[i]} holds {column.dtype}, not numbers")
        parts.append(column)
    return Table(np.column_stack(parts), tuple(names[i] for i in picked))


def _parquet(opened: BinaryIO, file: str) -> tuple[list[str], Any]:
    try:
        import polars  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return _parquet_by_arrow(opened, file)
    try:
        table = polars.read_parquet(opened)
    except Exception as error:  # each release of polars has its own kinds
        raise DataError(f"{file}: is no parquet file: {type(error).__name__}") from None
    return list(table.columns), table


def _parquet_by_arrow(opened: BinaryIO, file: str) -> tuple[list[str], Any]:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        raise DataError(
            f"{file}: needs polars or pyarrow: pip install polars; or save it as .csv"
        ) from None
    try:
        table = parquet.read_table(opened)
    except Exception as error:  # pyarrow.ArrowInvalid and others
        raise DataError(f"{file}: is no parquet file: {type(error).__name__}") from None
    return list(table.column_names), table
