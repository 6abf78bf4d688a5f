"""Where numbers lie: addresses, and arrays that begin where a line of the cache does.

Wide registers then load one line, not two.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from ctypes import c_size_t
from functools import partial
from math import prod
from typing import Any

import numpy as np

__all__ = ["LINE", "address", "copy_at_line", "empty_at_line", "zeros_at_line"]

_HEAD = object.__basicsize__  # what an array begins with, as each object; then comes the address
_PROBES = np.zeros(8), np.zeros((3, 4))[1:, ::2], np.array(1.0)


def _as_told(array: Any) -> int:
    """Return the address of the first number of an array, which the caller keeps alive."""
    place: int = array.__array_interface__["data"][0]
    return place


def _as_seen(array: Any) -> int:
    """Return the same in an eighth of the time, as the C structure of arrays has it."""
    if not isinstance(array, np.ndarray):  # a number of numpy lies in another way
        return _as_told(array)
    return c_size_t.from_address(id(array) + _HEAD).value


_is_known = sys.implementation.name == "cpython" and all(
    _as_seen(probe) == _as_told(probe) for probe in _PROBES
)
address = _as_seen if _is_known else _as_told


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
