"""What offline rules share that report on what they learned, and learn one readout at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from nodegraph import Array, Lesson, Rule, Seen
from nodegraph.arrays import copy_tree
from nodegraph.graph.rule import block_of

__all__ = ["LoneLearner", "RowLearner"]


class LoneLearner(Rule, ABC):
    """A team of one: see `nodegraph.graph.protocols.Joint`."""

    @property
    def team(self) -> Any:
        """None: nobody learns with it."""
        return None

    def join(self, params: Sequence[Any]) -> Any:
        """Return the params of the only member."""
        return params[0]

    def split(self, memory: Any, widths: Sequence[int]) -> list[Any]:
        """Return the memory of the only member."""
        return [memory]

    def finish(self, params: Any, memory: Any) -> Any:
        """Return the params with what was solved for."""
        return self.conclude_team([params], memory)[0][0]

    @abstractmethod
    def conclude_team(self, params: Sequence[Any], memory: Any) -> list[tuple[Any, dict[str, Any]]]:
        """Return the params, and what is worth knowing of how they were found."""


class RowLearner(LoneLearner):
    """What it remembers changes with rows that are added, in a copy or in place."""

    @abstractmethod
    def added(self, memory: Any, seen: Seen) -> Any:
        """Return the memory with the rows of `seen`; what it holds may be changed in place."""

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return `params` as they are, and the memory with the rows of `seen`."""
        return params, self.added(copy_tree(memory), seen)

    def gather(self, params: Any, memory: Any, lesson: Lesson, ys: Array) -> tuple[Any, Any]:
        """Gather the rows of a chunk, in place."""
        if lesson.target is None:
            return params, memory
        return params, self.added(memory, block_of(lesson, ys))
