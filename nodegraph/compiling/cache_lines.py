"""Arrays that begin where a line of the cache does: wide registers then load one line, not two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from nodegraph.compiling.addresses import address

__all__ = ["LINE", "copy_at_line", "empty_at_line", "zeros_at_line"]

LINE = 64  # bytes, as many as the widest register has


def _at_line(make: Callable[..., np.ndarray], shape: Sequence[int], dtype: Any) -> np.ndarray:
    dtype = np.dtype(dtype)
    size = prod(shape) * dtype.itemsize
    room = make(size + LINE, np.uint8)
    start = -address(room) % LINE
    made: np.ndarray = room[start : start + size].view(dtype).reshape(shape)
    return made


empty_at_line = partial(_at_line, np.empty)
zeros_at_line = partial(_at_line, np.zeros)


def copy_at_line(array: np.ndarray) -> np.ndarray:
    """Return a copy, row by row."""
    made = empty_at_line(array.shape, array.dtype)
    made[...] = array
    return made
