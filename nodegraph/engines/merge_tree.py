"""Sums that are merged as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["FAN", "Bough", "MergeTree"]

FAN = 4  # neighbours that become one, on each level


class Bough(NamedTuple):
    """What the leaves from `first` on, before `stop`, gave together.

    Parameters
    ----------
    first, stop : int
    level : int
        It has whole children of ``FAN ** level`` leaves each, but for the last one of all.
    value
        The sum, or who has it.
    groups : int
        Of a leaf that is not done yet, how many groups of series are in it.
    """

    first: int
    stop: int
    level: int
    value: Any
    groups: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is one child of the next level, not some of its children."""
        return bool(self.stop - self.first == FAN**self.level)

    def with_next(self, other: Bough, value: Any) -> Bough:
        """Return what becomes of this and the next one, whose merged sum is `value`."""
        grown = other.stop - self.first == FAN ** (self.level + 1)
        return Bough(self.first, other.stop, self.level + grown, value)


class MergeTree:
    """Boughs of a tree in which `FAN` neighbours become one, the first with the second first.

    Leaves may come in any order: which sums are merged, and in which order, is always the same.

    Parameters
    ----------
    count : int
        How many leaves there are.
    boughs : iterable of Bough

    Examples
    --------
    >>> tree = MergeTree(6, [Bough(i, i + 1, 0, str(i)) for i in (5, 0, 2, 1, 4, 3)])
    >>> while pair := tree.pair():
    ...     one, other = pair
    ...     tree.add(one.with_next(other, f"({one.value} {other.value})"))
    >>> tree.total().value
    '((((0 1) 2) 3) (4 5))'
    """

    def __init__(self, count: int, boughs: Iterable[Bough] = ()):
        self.count = count
        self._boughs = {bough.first: bough for bough in boughs}

    def __iter__(self) -> Iterator[Bough]:
        return iter(sorted(self._boughs.values()))

    def add(self, bough: Bough) -> None:
        """Take a leaf, or what became of two boughs."""
        self._boughs[bough.first] = bough

    def remove(self, bough: Bough) -> None:
        """Let go of one."""
        del self._boughs[bough.first]

    def pair(self) -> tuple[Bough, Bough] | None:
        """Return two boughs to be merged, which are no longer here; None if there are none."""
        for one, other in pairwise(self):
            if self._fit(one, other):
                self.remove(one)
                self.remove(other)
                return one, other
        return None

    def _fit(self, one: Bough, other: Bough) -> bool:
        is_eldest = one.first % FAN ** (one.level + 1) == 0
        if one.stop != other.first or not is_eldest:
            return False
        if other.level == one.level:
            return other.is_whole
        return other.level < one.level and other.stop == self.count

    def missing(self) -> list[int]:
        """Return the leaves that are in none of the boughs, in their order."""
        there = {leaf for bough in self for leaf in range(bough.first, bough.stop)}
        return [leaf for leaf in range(self.count) if leaf not in there]

    def total(self) -> Bough | None:
        """Return the bough of all leaves, if it is there."""
        bough = self._boughs.get(0)
        return bough if bough is not None and bough.stop == self.count else None
