"""What stays as it is: the params of nodes that are frozen, and snapshots to go back to."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields
from typing import Any, Self

from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.names import node_name
from nodegraph.model.checks import check_snapshot
from nodegraph.model.inference import Inference
from nodegraph.model.state import ModelState

__all__ = ["Freezing"]

_LASTING = {"initializer", "plans", "able"}  # what follows from the graph and the sizes
_MOVING = frozenset(one.name for one in fields(ModelState)) - _LASTING


class Freezing(Inference):
    """A runner that can be put back, and of whose nodes some may be kept as they are."""

    @known_arguments
    def snapshot(self) -> Any:
        """Return all that learning and running change, to be given to `restore` later."""
        state = self._settle()
        return deepcopy({name: getattr(state, name) for name in _MOVING})

    @known_arguments
    def restore(self, snapshot: Any) -> Self:
        """Put the model back to where `snapshot` was taken."""
        state = self._settle().draft()
        check_snapshot(snapshot, _MOVING, self.plan, state.slots)
        for name, value in deepcopy(snapshot).items():
            setattr(state, name, value)
        self._hold(state)
        return self

    @known_arguments
    def freeze(self, *names: str) -> Self:
        """Keep the params of these nodes as they are in every method, until `unfreeze`.

        Raises
        ------
        DataError
            If no name is given, or one is unknown, or its node has no rule.
        """
        if not names:
            able = ", ".join(f'"{name}"' for name in self.plan.rules) or "none"
            raise DataError(f"freeze: name the nodes that are to stay as they are, of {able}")
        learners = {self._learner(name) for name in names}
        self._settle().frozen |= learners
        return self

    @known_arguments
    def unfreeze(self, *names: str) -> Self:
        """Let these nodes learn again; all of them if none is named."""
        learners = {self._learner(name) for name in names}
        state = self._settle()
        state.frozen -= learners or state.frozen
        return self

    def _learner(self, name: str) -> str:
        found = node_name(name, list(self.plan.nodes), "freezing")
        if found not in self.plan.rules:
            able = ", ".join(self.plan.rules) or "none"
            raise DataError(f"freezing for {found!r}: it has no rule; nodes that learn are {able}")
        return found
