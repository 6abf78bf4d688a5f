"""Pictures of a graph without any system binary: SVG, Mermaid, DOT, and plain text."""

from nodegraph.plotting.graphs.dot_mermaid import to_dot, to_mermaid
from nodegraph.plotting.graphs.pictures import to_text
from nodegraph.plotting.graphs.svg import to_svg

__all__ = ["to_dot", "to_mermaid", "to_svg", "to_text"]
