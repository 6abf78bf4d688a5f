"""Edges, and which nodes of a graph are the ends that the next operator joins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

__all__ = ["Edge", "End", "input_ends", "output_ends"]


class Edge(NamedTuple):
    """Output of `source` at step t - `delay` arrives in `port` of `target` at step t."""

    source: Any
    target: Any
    delay: int = 0
    port: str = "x"


class End(NamedTuple):
    """Where the next `>>` will join: a node, its port, and the delay that is already laid."""

    node: Any
    port: str | None = None  # None: x, or feedback when `<<` arrives
    delay: int = 0


class Wired(Protocol):
    """Nodes and the edges between them."""

    @property
    def nodes(self) -> tuple[Any, ...]:
        """All of them, in order."""

    @property
    def edges(self) -> tuple[Edge, ...]:
        """What joins them."""

    def leaves_loop(self, edge: Edge) -> bool:
        """Tell whether `edge` leads out of the feedback loop that its source is in."""


def input_ends(graph: Wired, laid: Iterable[End] = ()) -> tuple[End, ...]:
    """Nodes that no edge reaches but delayed ones of their own loop into another port than x."""
    kept = {end.node: end for end in laid}
    reached = {
        edge.target
        for edge in graph.edges
        if edge.port == "x" or edge.delay == 0 or graph.leaves_loop(edge)
    }
    return tuple(kept.get(node, End(node)) for node in graph.nodes if node not in reached)


def output_ends(graph: Wired, laid: Iterable[End] = ()) -> tuple[End, ...]:
    """Nodes that no undelayed edge leaves, nor any edge to outside their own loop."""
    kept = {end.node: end for end in laid}
    left = {edge.source for edge in graph.edges if edge.delay == 0 or graph.leaves_loop(edge)}
    return tuple(kept.get(node, End(node)) for node in graph.nodes if node not in left)
