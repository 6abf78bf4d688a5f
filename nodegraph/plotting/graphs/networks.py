"""A graph for networkx, from which all pictures are drawn."""

from __future__ import annotations

from typing import Any

import networkx as nx

from nodegraph.graph.registry import word

__all__ = ["to_networkx"]


def to_networkx(graph: Any) -> nx.MultiDiGraph[str]:
    """Return what `Graph.to_networkx` does."""
    net: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    owners = dict(graph.owners)
    for node, name in graph.names.items():
        rule = getattr(node, "rule", None)
        net.add_node(
            name,
            node=node,
            kind=word(type(node)),
            units=getattr(node, "units", None),
            rule=type(rule).__name__ if rule is not None else None,
            input=name in graph.inputs,
            output=name in graph.outputs,
            group=name.rpartition(".")[0] or None if node in owners else None,
        )
    for edge in graph.edges:
        source, target = graph.names[edge.source], graph.names[edge.target]
        net.add_edge(source, target, delay=edge.delay, port=edge.port)
    return net
