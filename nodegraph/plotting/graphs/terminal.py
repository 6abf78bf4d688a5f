"""A graph as a few aligned lines of text, for a terminal or a log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import networkx as nx

from nodegraph.plotting.graphs.labels import Caption, captions, clean, shorten, wires
from nodegraph.plotting.graphs.ordering import flow

__all__ = ["to_text"]


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
