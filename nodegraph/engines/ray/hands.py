"""What workers that gather are at: their calls, and sums on their way from one to another."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nodegraph.engines.merge_tree import Bough

__all__ = ["Call", "Hand", "Move"]


class Call(NamedTuple):
    """A call that has not been answered; which leaf and group, or which move, it is about."""

    what: str
    ref: Any
    leaf: int = -1
    group: int = -1
    move: Any = None


@dataclass(eq=False)
class Hand:
    """A worker, and what it is at.

    Parameters
    ----------
    worker : WorkerHandle
    calls : deque of Call
        Not answered yet, in their order.
    leaf, group : int
        Which group it is given next; leaf -1: none.
    """

    worker: Any
    calls: deque[Call] = field(default_factory=deque)
    leaf: int = -1
    group: int = 0

    def ask(self, what: str, *args: Any, leaf: int = -1, group: int = -1, move: Any = None) -> None:
        """Call for something whose answer is that it is done."""
        (ref,) = self.worker.call(what, *args)
        self.calls.append(Call(what, ref, leaf, group, move))

    def forget(self, move: Move) -> None:
        """Wait no longer for what a move gives."""
        self.calls = deque(call for call in self.calls if call.move is not move)

    def at(self) -> list[tuple[int, int]]:
        """Return the groups that it is at, by leaf and number, and the one that comes next."""
        given = [(call.leaf, call.group) for call in self.calls if call.what == "gather"]
        return given + [(self.leaf, self.group)] * (self.leaf >= 0)

    def leaves(self) -> set[int]:
        """Return the leaves that it is at."""
        return {self.leaf, *(call.leaf for call in self.calls)} - {-1}

    @property
    def groups(self) -> int:
        """How many groups it was given that it is not done with."""
        return sum(call.what == "gather" for call in self.calls)


@dataclass(eq=False)
class Move:
    """A sum that is merged with one of another worker, part by part."""

    one: Bough
    other: Bough
    names: list[str]  # of parts that are still to go
    ref: Any = None  # of the part that is on its way, before it is there
    begun: bool = False  # whether `one` is no longer what it was
