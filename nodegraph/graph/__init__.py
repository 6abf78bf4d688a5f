"""What a model is: nodes, rules, the graph that joins them, its plan; no arrays."""

from nodegraph.graph.graph import Composable, Delay, Edge, End, Graph, chain, delay, overlay

__all__ = ["Composable", "Delay", "Edge", "End", "Graph", "chain", "delay", "overlay"]
