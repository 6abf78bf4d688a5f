"""Some rows of an array, which are copied where they are summed and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nodegraph import Array

__all__ = ["ChosenRows", "chosen_rows"]


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Rows ``of[at]``; parts of them are such as well.

    Parameters
    ----------
    of : ndarray, shape (n_steps, n)
    at : ndarray of int, shape (m,)
    """

    of: Array
    at: Array

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""
        return self.of.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and columns."""
        return len(self.at), self.of.shape[1]

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, part: slice) -> ChosenRows:
        return ChosenRows(self.of, self.at[part])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        rows: Array = self.of[self.at]
        return rows if dtype is None else rows.astype(dtype, copy=False)

    def copy(self) -> Array:
        """Return them as an array."""
        return self.__array__()

    def into(self, room: Array) -> Array:
        """Return `room`, with the rows in it."""
        if room.dtype == self.of.dtype:
            return np.take(self.of, self.at, axis=0, out=room, mode="clip")  # no buffer in between
        room[...] = self.of[self.at]
        return room


def chosen_rows(rows: Array, array: Array) -> Array | ChosenRows:
    """Return rows of an array, chosen by a mask; a view of it if they are all that follow one."""
    first = int(np.argmax(rows))
    if rows[first:].all():
        return array[first:]
    return ChosenRows(array, np.flatnonzero(rows))
