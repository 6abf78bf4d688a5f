"""Rows of memory-mapped files: workers that see the files open them, and no rows are sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Series
from nodegraph.errors import EngineError

__all__ = ["FileRows", "opened", "sendable"]

FILES = 64  # that a worker keeps mapped


class FileRows(NamedTuple):
    """Where rows stand in a file that is mapped into memory.

    Parameters
    ----------
    path : Path
    size, changed : int
        Of the file, in bytes and nanoseconds: another one is refused.
    offset : int
        Bytes before the first number.
    shape, strides : tuple of int
    dtype : str
    """

    path: Path
    size: int
    changed: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, rows: Any) -> FileRows | None:
        """Return where rows stand that are read from a mapped file; None if they are not."""
        root = _mapped(rows)
        if root is None or root.mode != "r" or not isinstance(root.filename, os.PathLike | str):
            return None
        path, start = Path(root.filename).resolve(), root.__array_interface__["data"][0]
        offset = int(root.offset) + rows.__array_interface__["data"][0] - start
        try:
            told = path.stat()
        except OSError:
            return None  # it was removed, and lives on while it is mapped
        return cls(
            path, told.st_size, told.st_mtime_ns, offset, rows.shape, rows.strides, rows.dtype.str
        )

    def is_here(self) -> bool:
        """Tell whether the file is here, and the same."""
        try:
            told = self.path.stat()
        except OSError:
            return False
        return (told.st_size, told.st_mtime_ns) == (self.size, self.changed)

    def rows(self) -> Array:
        """Return the rows, which are read as they are used.

        Raises
        ------
        EngineError
            If it is another file.
        """
        if not self.is_here():
            raise EngineError(
                f"{self.path}: the file of the data is not here, or was changed; give the rows "
                "themselves, as np.array(x)"
            )
        whole = _opened(self.path, self.changed)
        rows: Array = np.ndarray(self.shape, self.dtype, whole, self.offset, self.strides)
        return rows


def _mapped(rows: Any) -> Any:
    """Return the array that maps the whole file some rows are of."""
    found, base = None, rows
    while isinstance(base, np.ndarray):
        found = base if isinstance(base, np.memmap) else found
        base = base.base
    return found


@lru_cache(FILES)
def _opened(path: Path, changed: int) -> np.memmap[Any, Any]:
    return np.memmap(path, mode="r")


def sendable(item: Any, is_there: Callable[[FileRows], bool]) -> Any:
    """Return numbered series, or anything else, as it is sent to workers.

    `is_there` tells whether they see a file.
    """

    def sent(rows: Any) -> Any:
        where = FileRows.of(rows)
        return rows if where is None or not is_there(where) else where

    return _each_part(item, sent)


def opened(item: Any) -> Any:
    """Return what `sendable` was given."""
    return _each_part(item, lambda rows: rows.rows() if isinstance(rows, FileRows) else rows)


def _each_part(item: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(item, list):
        return item
    return [
        (one[0], _changed(one[1], change))
        if isinstance(one, tuple) and len(one) == 2 and type(one[1]) is Series  # rows are there
        else one
        for one in item
    ]


def _changed(series: Series, change: Callable[[Any], Any]) -> Series:
    def parts(rows: Mapping[str, Any]) -> dict[str, Any]:
        return {name: change(each) for name, each in rows.items()}

    return replace(series, data=parts(series.data), targets=parts(series.targets))
