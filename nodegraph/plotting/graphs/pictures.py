"""Pictures of a graph: as a network first, then as a suffix says, or as lines of text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import networkx as nx

from nodegraph.errors import GraphError
from nodegraph.graph.registry import word
from nodegraph.host.paths import own_path
from nodegraph.plotting.graphs.dot_mermaid import to_dot, to_mermaid
from nodegraph.plotting.graphs.labels import Caption, captions, clean, shorten, wires
from nodegraph.plotting.graphs.ordering import flow
from nodegraph.plotting.graphs.svg import to_svg

__all__ = ["draw", "to_networkx", "to_text"]


def to_text(net: nx.MultiDiGraph[str]) -> str:
    """List the nodes in order of flow, each with its kind, size, rule and where it leads.

    Examples
    --------
    >>> import networkx as nx
    >>> net = nx.MultiDiGraph()
    >>> net.add_node("u", kind="Input")
    >>> net.add_node("memory", kind="Delay", units=3)
    >>> _ = net.add_edge("u", "memory", delay=2, port="x")
    >>> print(to_text(net))
    u       Input            → memory (delay 2)
    memory  Delay · 3 units
    """
    says, leads = captions(net), defaultdict(list)
    for wire in wires(net):
        words = f" ({wire.label})" if wire.label else ""
        leads[wire.source].append(shorten(clean(wire.target), 40) + words)
    rows = [_row(says[name], leads[name]) for name in flow(net, wires(net))]
    widths = [max(len(row[k]) for row in rows) for k in range(3)] if rows else []
    return "\n".join(_line(row, widths) for row in rows)


def _row(caption: Caption, leads: Sequence[str]) -> tuple[str, ...]:
    marks = [f"[{caption.badge}]"] if caption.badge else []
    marks += ["↻"] * caption.loop
    arrow = f"→ {', '.join(leads)}" if leads else ""
    return shorten(clean(caption.name), 40), caption.details, " ".join(marks), arrow


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True) if width]
    return "  ".join([*cells, row[3]]).rstrip()


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
        _write(where, text.rstrip("\n") + "\n")
    return text


def _write(where: Path, text: str) -> None:
    """Write a text; one that did not fit on the disk is put away, and the error names the file."""
    try:
        where.write_text(text, encoding="utf-8")
    except OSError as error:
        if error.filename is None:
            where.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(where)) from error
