"""What offline rules share that look at rows in the same way, whoever brings them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from nodegraph import Array, Lesson, Seen
from nodegraph.arrays import copy_tree
from nodegraph.graph.rule import block_of
from nodes.parts.lone_learner import LoneLearner

__all__ = ["RowLearner"]


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
