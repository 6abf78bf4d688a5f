"""Pictures of a graph without any system binary: SVG, Mermaid, DOT, and plain text."""

from nodegraph.plotting.graphs.svg import to_svg
from nodegraph.plotting.graphs.texts import to_dot, to_mermaid, to_text

__all__ = ["to_dot", "to_mermaid", "to_svg", "to_text"]
