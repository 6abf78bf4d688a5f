"""A graph with some of its nodes described otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodegraph.graph.graph import Edge, End, Graph

__all__ = ["changed"]


def changed(graph: Graph, updates: Mapping[str, Mapping[str, Any]]) -> Graph:
    """Return `graph` with copies in place of the nodes named in `updates`, these fields changed.

    Raises
    ------
    FieldError
        If a field is unknown, of a wrong type or out of range.
    """
    new = {
        node: node.model_copy(update=dict(updates[name])) if name in updates else node
        for node, name in graph.names.items()
    }

    def ends(group: tuple[End, ...]) -> tuple[End, ...]:
        return tuple(end._replace(node=new[end.node]) for end in group)

    edges = tuple(Edge(new[e.source], new[e.target], e.delay, e.port) for e in graph.edges)
    owners = tuple((new[node], whose) for node, whose in graph.owners)
    return Graph(tuple(new.values()), edges, ends(graph.heads), ends(graph.tails), owners)
