"""Rows that are written once, one after the other, and read again and again: in memory, or on disk.

On disk they are in a file without a name, which is gone with the process, however it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, Protocol

import numpy as np

from nodegraph.arrays import Array

__all__ = ["KeptRows", "Part", "RowsInMemory", "RowsOnDisk"]


class KeptRows(Protocol):
    """So many rows; `n_rows` of them are there."""

    n_rows: int

    def append(self, rows: Array) -> None:
        """Write rows behind those that are there."""

    def read(self, start: int, stop: int) -> Array:
        """Return some of the rows."""

    def close(self) -> None:
        """Let them go."""


class RowsInMemory:
    """At most `most` rows, in an array."""

    def __init__(self, most: int, width: int, dtype: np.dtype[Any]):
        self.n_rows, self._rows = 0, np.empty((most, width), dtype)

    def append(self, rows: Array) -> None:
        """Write rows behind those that are there."""
        self._rows[self.n_rows : self.n_rows + len(rows)] = rows
        self.n_rows += len(rows)

    def read(self, start: int, stop: int) -> Array:
        """Return some of the rows."""
        return self._rows[start:stop]

    def close(self) -> None:
        """Let them go."""
        self._rows = self._rows[:0].copy()


class RowsOnDisk:
    """Rows in a file without a name, in the folder for temporary files; threads may read it.

    Where the disk is full no more are written, and `n_rows` stays behind.
    """

    def __init__(self, width: int, dtype: np.dtype[Any]):
        self.n_rows, self._full = 0, False
        self._width, self._dtype, self._lock = width, dtype, Lock()
        self._file = TemporaryFile(buffering=0)

    def append(self, rows: Array) -> None:
        """Write rows behind those that are there."""
        left = _bytes(np.ascontiguousarray(rows, self._dtype))
        try:
            while left and not self._full:
                left = left[self._file.write(left) :]
        except OSError:
            self._full = True
        self.n_rows += len(rows) * (not self._full)

    def read(self, start: int, stop: int) -> Array:
        """Return some of the rows."""
        rows = np.empty((max(0, stop - start), self._width), self._dtype)
        left = _bytes(rows)
        with self._lock:
            self._file.seek(start * self._width * self._dtype.itemsize)
            while left:
                left = left[self._file.readinto(left) :]
        return rows

    def close(self) -> None:
        """Let them go."""
        self._file.close()


def _bytes(rows: Array) -> memoryview:
    return rows.reshape(-1).view(np.uint8).data


@dataclass(frozen=True)
class Part:
    """Some of the rows, which are read when it is cut."""

    rows: KeptRows
    start: int
    n_rows: int

    @property
    def n_bytes(self) -> int:
        """How much of memory they take, if they are in memory."""
        return self[:].nbytes

    def __getitem__(self, cut: slice) -> Array:
        first, last, _ = cut.indices(self.n_rows)
        return self.rows.read(self.start + first, self.start + last)
