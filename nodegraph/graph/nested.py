"""A graph used as one node of another."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from nodegraph.graph.graph import Graph
from nodegraph.graph.node import Composite

__all__ = ["NestedGraph"]


class NestedGraph(Composite):
    """A graph with a name, written ``{kind: graph, file: other.yaml}`` in YAML.

    In place of the file, its ``nodes`` and ``edges`` may stand there themselves.

    Parameters
    ----------
    graph : Graph
        What it stands for.
    file : str, optional
        Where it was read from, relative to the file that names it.
    """

    file: str | None = None
    graph: Any = Field(exclude=True)

    def expand(self) -> Graph:
        """Return the graph itself."""
        inner: Graph = self.graph
        return inner
