"""What offline rules share that report on what they learned, and learn one readout at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from nodegraph import Rule

__all__ = ["LoneLearner"]


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
