"""Numbers that look random and follow from a count, so that a rule needs no generator."""

from __future__ import annotations

from typing import Any

from nodegraph import Array

__all__ = ["below", "chance"]


def _signed(bits: int) -> int:
    """Return the whole number that 64 bits stand for in an array of int64."""
    return bits - (1 << 64) if bits >> 63 else bits


_STEP = _signed(0x9E3779B97F4A7C15)
_FIRST, _SECOND = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def chance(counts: Any) -> Array:
    """Return 64 bits that look random, of each count in one fixed sequence (splitmix64 [1]_).

    Parameters
    ----------
    counts : ndarray of int64, shape (k,)

    References
    ----------
    .. [1] G. Steele, D. Lea, C. Flood, OOPSLA (2014) 453-472.

    Examples
    --------
    >>> import numpy as np
    >>> hex(chance(np.arange(3)).view(np.uint64)[0])
    '0xe220a8397b1dcdaf'
    """
    z = (counts + 1) * _STEP
    z = (z ^ _shifted(z, 30)) * _FIRST
    z = (z ^ _shifted(z, 27)) * _SECOND
    bits: Array = z ^ _shifted(z, 31)
    return bits


def below(bits: Any, n: Any) -> Array:
    """Return the remainders of 64 bits, taken as whole numbers from 0 on, divided by `n`.

    Examples
    --------
    >>> import numpy as np
    >>> int(below(np.array([-1]), 10)[0])  # 2^64 - 1 = 18446744073709551615
    5
    """
    rest: Array = (_shifted(bits, 1) % n * 2 + (bits & 1)) % n
    return rest


def _shifted(z: Any, k: int) -> Any:
    """Return bits moved to the right, with 0 in front, not the sign."""
    return (z >> k) & ((1 << (64 - k)) - 1)
