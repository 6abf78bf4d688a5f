"""Arrays in text, .npy, .npz and .parquet files that a YAML graph names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.array_files import read_each, read_npy, read_npz
from nodegraph.files.csv_files import Names, TextOptions, read_csv
from nodegraph.files.numerals import Decimal
from nodegraph.files.parquet_files import read_parquet
from nodegraph.files.safe_files import open_below, open_named
from nodegraph.files.table_columns import (
    ARRAYS,
    Columns,
    Table,
    bounds,
    by_column,
    by_rows,
    chosen,
    joined,
    stacked,
)
from nodegraph.files.table_times import check_each, check_order

__all__ = ["load_array", "load_table"]

TEXTS = (".csv", ".tsv", ".txt", ".dat", ".csv.gz", ".tsv.gz", ".txt.gz", ".dat.gz")
SUFFIXES = (*TEXTS, ".npy", ".npz", ".parquet")


def load_array(
    file: str,
    *,
    root: str | os.PathLike[str] | None,
    key: str | None = None,
    columns: Columns = None,
) -> Array:
    """Return an array of any shape from a file below `root`.

    Parameters
    ----------
    file : str
        Path of a text (.csv, .tsv, .txt, .dat, also .gz), .npy, .npz or .parquet file, relative
        to `root`.
    root : path-like or None
        Folder of the YAML; nothing outside it is read. None follows the path wherever it leads,
        from the current folder on.
    key : str, optional
        Which array of a .npz file.
    columns : list of str or int, optional
        Which columns of a table.

    Raises
    ------
    DataError
        If there is no such file, array or column, or a cell is no number.
    """
    return _load(file, root, key, columns, TextOptions(), ()).values


def load_table(
    file: str,
    columns: Columns = None,
    key: str | None = None,
    *,
    root: str | os.PathLike[str] | None,
    names: Names = None,
    separator: str | None = None,
    decimal: Decimal | None = None,
    missing: Sequence[str | float] = (),
    encoding: str | None = None,
    time: str | int | None = None,
    series: str | int | None = None,
    kept: Sequence[str | int] = (),
) -> Table:
    """Return a table from a file below `root`: floats of shape (n_rows, n_columns), and names.

    Takes what `load_array` takes; an array with one axis becomes one column, one with three,
    (series, steps, columns), series one under the other. Missing cells of a text are NaN.

    Parameters
    ----------
    file, columns, key, root
        As in `load_array`.
    names, separator, decimal, missing, encoding
        How a text file is written, where that is not to be guessed; see `TextOptions`. A list of
        names is for arrays as well.
    time : str or int, optional
        The column that calls the rows, which is no column of numbers. Rows that go back in time,
        come twice or leave a gap are warned of, if they are one series.
    series : str or int, optional
        The column that names the series that a row belongs to; or how many rows each series has;
        or ``"arrays"``, where each array of a .npz file is one.
    kept : list of str or int
        Further columns that are kept as text, the `words` of the table.

    Raises
    ------
    DataError
        As `load_array`, or if the array has no rows or more than two axes, or an option cannot
        have an effect.
    """
    options = TextOptions(names, separator, decimal, tuple(missing), encoding)
    owner = (series,) if isinstance(series, str) and not _is_archive(file) else ()
    texts = (*([] if time is None else [time]), *owner, *kept)
    table = _load(file, root, key, columns, options, texts, series)
    array = table.values
    if array.ndim not in (1, 2) or array.size == 0:
        raise DataError(f"{file}: should be a table with rows and columns (got {array.shape})")
    floats = array.astype(array.dtype.newbyteorder("=") if array.dtype.kind == "f" else float)
    told = table.told or f"read {len(floats)} rows from {file}"
    table = table._replace(values=floats[:, None] if floats.ndim == 1 else floats)
    words = list(table.words)
    times = None if time is None else words.pop(0)
    owners = words.pop(0) if owner else None
    table = table._replace(times=times, words=tuple(words), told=told)
    if owners is not None:
        table = by_column(table, owners, file)
    if isinstance(series, int):
        table = _in_rows(table, series, file)
    if table.times is not None and table.lengths is not None:
        rows = bounds(table.lengths)
        called = table.owners or tuple(map(str, range(len(rows))))
        check_each(table.times, dict(zip(called, rows, strict=True)), file)
    if times is None or table.lengths is not None:
        return table
    return table._replace(told=f"{told}; {check_order(times, file)}")


def _in_rows(table: Table, rows: int, file: str) -> Table:
    if table.lengths is not None:
        raise DataError(f"{file}: has three axes, so its series are known; leave series out")
    return by_rows(table, rows, file)


def _is_archive(file: str) -> bool:
    return _base(file).lower().endswith(".npz")


def _load(
    file: str,
    root: str | os.PathLike[str] | None,
    key: str | None,
    columns: Columns,
    options: TextOptions,
    kept: Sequence[str | int],
    series: str | int | None = 0,
) -> Table:
    """Return what is in a file; arrays of three axes as series unless `series` is 0."""
    suffix = next((end for end in SUFFIXES if _base(file).lower().endswith(end)), None)
    if suffix is None:
        raise DataError(f"{file}: should end in {', '.join(SUFFIXES)}")
    if key is not None and suffix != ".npz":
        raise DataError(f"{file}: only .npz files have keys; leave key out")
    if suffix not in TEXTS:
        _refuse_text_options(file, suffix, options)
    with _opened(root, file) as opened:
        if suffix in TEXTS:
            return read_csv(opened, file, columns, options, kept)
        if suffix == ".parquet":
            return read_parquet(opened, file, columns, kept)
        if suffix == ".npz" and isinstance(series, str):
            return _columns_of(_each(opened, file, key, series), columns, options.names, file)
        array = read_npy(opened, file) if suffix == ".npy" else read_npz(opened, file, key)
    if array.ndim == 3 and series != 0:
        return _columns_of(stacked(array, file), columns, options.names, file)
    return _cut(array, columns, options.names, kept, file)


def _each(opened: BinaryIO, file: str, key: str | None, series: str) -> Table:
    if series != ARRAYS or key is not None:
        raise DataError(
            f"{file}: has arrays and no columns of words; write series: arrays where each is a "
            "series, and no key"
        )
    return joined(read_each(opened, file), file)


def _columns_of(table: Table, columns: Columns, names: Names, file: str) -> Table:
    """Return some columns of series."""
    cut = _cut(table.values, columns, names, (), file)
    return table._replace(values=cut.values, names=cut.names)


def _base(file: str) -> str:
    """Return the name of a file without its folders; one that is only a suffix has none."""
    return file.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".")


def _opened(root: str | os.PathLike[str] | None, file: str) -> AbstractContextManager[BinaryIO]:
    return open_named(file) if root is None else open_below(root, file)


def _refuse_text_options(file: str, suffix: str, options: TextOptions) -> None:
    """Refuse what only a text can be read by."""
    listed_names = options.names is not None and not isinstance(options.names, bool)
    for option, value in options._asdict().items():
        if value is None or value == () or (option == "names" and listed_names):
            continue
        raise DataError(f"{file}: {option} is for text files; leave it out")
    if listed_names and suffix == ".parquet":
        raise DataError(f"{file}: a .parquet file has names of its own; leave names out")


def _cut(
    array: Array, columns: Columns, names: Names, kept: Sequence[str | int], file: str
) -> Table:
    """Return some columns of an array, and what they are called."""
    words = None if names is None or isinstance(names, bool) else tuple(names)
    if columns is None and words is None and not kept:
        return Table(array)
    table = array[:, None] if array.ndim == 1 else array
    if table.ndim != 2:
        raise DataError(f"{file}: has {array.ndim} axes, so no columns to choose or to name")
    width = table.shape[1]
    if words is not None and len(words) != width:
        raise DataError(f"{file}: {len(words)} names for {width} columns")
    texts = [chosen(each, words, width, file)[0] for each in kept]
    picked = [
        i for i in chosen(columns, words, width, file) if columns is not None or i not in texts
    ]
    if both := [each for each, i in zip(kept, texts, strict=True) if i in picked]:
        raise DataError(
            f"{file}: column {both[0]} is kept as text and is no input; leave it out of columns"
        )
    return Table(
        table[:, picked],
        words and tuple(words[i] for i in picked),
        words=tuple(tuple(map(_word, table[:, i].tolist())) for i in texts),
    )


def _word(value: Any) -> str:
    """Return what an array calls a row; whole numbers as such."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)
