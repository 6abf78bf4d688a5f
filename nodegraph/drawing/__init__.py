"""Pictures of a graph without any system binary: SVG, Mermaid, DOT, and plain text."""

from nodegraph.drawing.markup import to_dot, to_mermaid
from nodegraph.drawing.svg import to_svg
from nodegraph.drawing.terminal import to_text

__all__ = ["to_dot", "to_mermaid", "to_svg", "to_text"]
