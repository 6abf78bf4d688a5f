"""Independent series that have names, and what a message calls each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Instances", "called"]


class Instances(list[Any]):
    """Series that have a name each."""

    def __init__(self, series: Sequence[Any], names: Sequence[Any]):
        super().__init__(series)
        self.names = tuple(map(str, names))


def called(i: int, *among: Any) -> str:
    """Return what series number `i` is called, where one of these lists knows its name.

    Examples
    --------
    >>> called(1, [3, 4], Instances([3, 4], ["wave", "rest"])), called(1, [3, 4])
    ('series rest', 'series 1')
    """
    names = next((each.names for each in among if isinstance(each, Instances)), ())
    return f"series {names[i] if i < len(names) else i}"
