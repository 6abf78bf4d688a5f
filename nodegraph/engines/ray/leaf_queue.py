"""Who gathers which leaf: neighbours go to one worker, as long as all have enough to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from nodegraph.engines.merge_tree import FAN

__all__ = ["LeafQueue"]

BLOCKS = 4  # for each worker, at least, so that none waits long for the others at the end


class LeafQueue:
    """Leaves that nobody is at.

    Parameters
    ----------
    leaves : sequence of int
        In their order.
    workers : int

    Examples
    --------
    >>> queue = LeafQueue(range(32), 2)
    >>> [queue.next(who) for who in (0, 1, 0, 1)]
    [0, 4, 1, 5]
    """

    def __init__(self, leaves: Sequence[int], workers: int):
        size = 1
        while FAN * size * BLOCKS * workers <= len(leaves):
            size *= FAN
        self._blocks: deque[deque[int]] = deque()
        self._own: dict[int, deque[int]] = {}
        for leaf in leaves:
            if not self._blocks or self._blocks[-1][-1] // size != leaf // size:
                self._blocks.append(deque())
            self._blocks[-1].append(leaf)

    def next(self, worker: int) -> int | None:
        """Return the next leaf for a worker: of its own block, a new one, or another's last one."""
        own = self._own.setdefault(worker, deque())
        if not own and self._blocks:
            own = self._own[worker] = self._blocks.popleft()
        if own:
            return own.popleft()
        longest = max(self._own.values(), key=len)
        return longest.pop() if longest else None

    def put_back(self, leaves: Iterable[int], gone: Iterable[int] = ()) -> None:
        """Take back leaves that are to be done again, and what was left to some workers."""
        again = [*leaves, *(leaf for worker in gone for leaf in self._own.pop(worker, ()))]
        self._blocks.extendleft(deque([leaf]) for leaf in sorted(again, reverse=True))
