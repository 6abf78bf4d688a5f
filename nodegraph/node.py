"""What authors of nodes import; it stands in `nodegraph.graph.node`."""

from nodegraph.graph.limits import DURATION, Limits
from nodegraph.graph.node import Composite, Gaps, Name, Node

__all__ = ["DURATION", "Composite", "Gaps", "Limits", "Name", "Node"]
