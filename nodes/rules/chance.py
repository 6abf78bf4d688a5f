"""Numbers that look random and follow from a count, so that a rule needs no generator."""

from __future__ import annotations

__all__ = ["chance"]

_ALL = (1 << 64) - 1


def chance(count: int) -> int:
    """Return 64 bits that look random, number `count` of one fixed sequence (splitmix64 [1]_).

    References
    ----------
    .. [1] G. Steele, D. Lea, C. Flood, OOPSLA (2014) 453-472.

    Examples
    --------
    >>> hex(chance(0))
    '0xe220a8397b1dcdaf'
    """
    z = ((count + 1) * 0x9E3779B97F4A7C15) & _ALL
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _ALL
    return z ^ (z >> 31)
