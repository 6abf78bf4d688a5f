"""What authors of nodes import; it stands in `nodegraph.graph.node`."""

from nodegraph.graph.node import Composite, Gaps, Name, Node

__all__ = ["Composite", "Gaps", "Name", "Node"]
