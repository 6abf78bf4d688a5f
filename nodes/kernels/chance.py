"""Numbers that look random and follow from a count: `nodes.rules.chance`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodes.kernels.compiling import inner

__all__ = ["chance"]

_GOLDEN, _FIRST, _SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inner
def chance(count: Any) -> Any:
    """Return number `count`, which is not negative, as 64 bits without a sign."""
    z = (np.uint64(count) + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    return z ^ (z >> _S31)
