"""Which picture of a graph a suffix stands for."""

from __future__ import annotations

from os import PathLike
from typing import Any

from nodegraph.errors import GraphError
from nodegraph.host.paths import own_path
from nodegraph.plotting.graphs.dot_mermaid import to_dot, to_mermaid
from nodegraph.plotting.graphs.svg import to_svg
from nodegraph.plotting.graphs.terminal import to_text

__all__ = ["draw"]

_OTHERS = {".mmd": to_mermaid, ".dot": to_dot, ".txt": to_text}


def draw(graph: Any, path: str | PathLike[str] | None = None, title: str | None = None) -> str:
    """Do what `Graph.draw` does."""
    where = None if path is None else own_path(path, 'graph.draw("g.svg")')
    suffix = ".svg" if where is None else where.suffix
    if suffix not in (".svg", *_OTHERS):
        raise GraphError(f"draw: {suffix!r} is none of {', '.join(('.svg', *_OTHERS))}")
    net = graph.to_networkx()
    text = to_svg(net, title) if suffix == ".svg" else _OTHERS[suffix](net)
    if where is not None:
        where.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return text
