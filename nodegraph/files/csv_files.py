"""Columns of numbers in a text file, with the place of each cell that is none."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import BinaryIO, NamedTuple

import numpy as np

from nodegraph.errors import DataError
from nodegraph.files.table_columns import Columns, Table, chosen
from nodegraph.wording.phrases import shown

__all__ = ["read_csv"]

LARGEST_TEXT = 2**28
MISSING = frozenset({"", "nan", "na", "null", "none"})

_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?")


class _Row(NamedTuple):
    line: int
    cells: list[str]


def read_csv(file: BinaryIO, name: str, columns: Columns = None) -> Table:
    """Return numbers of a text file and what its columns are called; missing ones are NaN.

    Parameters
    ----------
    file : binary file
        UTF-8 text; cells are parted by the first of ``,`` ``;`` and tab that is in it; lines that
        begin with ``#`` are left out; the first row may be names.
    name : str
        Name of the file, for messages.
    columns : list of str or int, optional
        Which columns, by name or by number from 0; else all.

    Raises
    ------
    DataError
        With line and column of the first cell that is no number.
    """
    with closing(_rows(file, name)) as rows:
        return _table(rows, name, columns)


def _table(rows: Iterator[_Row], name: str, columns: Columns) -> Table:
    if (first := next(rows, None)) is None:
        raise DataError(f"{name}: is empty")
    names = first.cells if any(_is_word(cell) for cell in first.cells) else None
    picked = chosen(columns, names, len(first.cells), name)
    titles = [names[i] if names else str(i) for i in picked]
    numbered = rows if names else itertools.chain([first], rows)
    table = [_numbers(row, picked, titles, len(first.cells), name) for row in numbered]
    if not table:
        raise DataError(f"{name}: has names of columns but no rows")
    return Table(np.array(table, dtype=float), tuple(titles) if names else None)


def _rows(file: BinaryIO, name: str) -> Generator[_Row, None, None]:
    if file.seek(0, 2) > LARGEST_TEXT:
        raise DataError(f"{name}: is larger than 256 MiB; save it as .npy")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        start = _delimiter(text)
        text.seek(0)
        reader = csv.reader(text, delimiter=start, strict=True)
        lines = ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader)
        yield from _without_edges(_Row(n, cells) for n, cells in lines if not _is_note(cells))
    except UnicodeDecodeError:
        raise DataError(f"{name}: is not UTF-8 text") from None
    except csv.Error as error:
        raise DataError(f"{name}: cannot be read as a table: {error}") from None
    finally:
        text.detach()


def _is_note(cells: list[str]) -> bool:
    return bool(cells) and cells[0].startswith("#")


def _without_edges(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Yield rows; empty ones between rows of numbers are gaps, at the edges they are nothing."""
    started, gaps, width = False, list[int](), 0
    for row in rows:
        if not any(row.cells):
            gaps.append(row.line)
            continue
        if started:
            yield from (_Row(line, [""] * width) for line in gaps)
        yield row
        started = started or not any(_is_word(cell) for cell in row.cells)
        gaps, width = [], len(row.cells)


def _delimiter(lines: Iterable[str]) -> str:
    line = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return next((mark for mark in ",;\t" if mark in line), ",")


def _is_word(cell: str) -> bool:
    return _to_number(cell) is None and not _DATE.fullmatch(cell)


def _to_number(cell: str) -> float | None:
    if cell.lower() in MISSING:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return None


def _numbers(
    row: _Row, picked: Sequence[int], titles: Sequence[str], width: int, name: str
) -> list[float]:
    if len(row.cells) != width:
        raise DataError(f"{name}: line {row.line} has {len(row.cells)} cells, the first {width}")
    return [
        _checked(row.cells[i], row.line, title, name)
        for i, title in zip(picked, titles, strict=True)
    ]


def _checked(cell: str, line: int, title: str, name: str) -> float:
    value = _to_number(cell)
    if value is not None and not math.isinf(value):
        return value
    where = f"{name}: line {line}, column {title if title.isprintable() else shown(title)}"
    if _DATE.fullmatch(cell):
        raise DataError(
            f"{where}: {shown(cell)} is a date, not a number; name the columns to read, "
            "as in columns: [sunspots]"
        )
    raise DataError(f"{where}: should be a finite number (got {shown(cell)})")
