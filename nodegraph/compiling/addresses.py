"""Where the numbers of an array lie, for compiled code."""

from __future__ import annotations

import sys
from ctypes import c_size_t
from typing import Any

import numpy as np

__all__ = ["address"]

_HEAD = object.__basicsize__  # what an array begins with, as each object; then comes the address
_PROBES = np.zeros(8), np.zeros((3, 4))[1:, ::2], np.array(1.0)


def _as_told(array: Any) -> int:
    """Return the address of the first number of an array, which the caller keeps alive."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def _as_seen(array: Any) -> int:
    """Return the same in an eighth of the time, as the C structure of arrays has it."""
    if not isinstance(array, np.ndarray):  # a number of numpy lies in another way
        return _as_told(array)
    return c_size_t.from_address(id(array) + _HEAD).value


_is_known = sys.implementation.name == "cpython" and all(
    _as_seen(probe) == _as_told(probe) for probe in _PROBES
)
address = _as_seen if _is_known else _as_told
