"""A graph as text: in lines, or as Mermaid or DOT for documents that draw it themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import networkx as nx

from nodegraph.plotting.graphs.labels import Caption, Wire, captions, clean, shorten, wires
from nodegraph.plotting.graphs.ordering import flow

__all__ = ["to_dot", "to_mermaid", "to_text"]

CLASSES = {
    "input": "fill:#e3f4ea,stroke:#2f855a,color:#1f2933",
    "node": "fill:#e8f0fd,stroke:#3b6cb7,color:#1f2933",
    "learner": "fill:#fff0dc,stroke:#c46a12,color:#1f2933",
    "frozen": "fill:#eef1f4,stroke:#7b8794,color:#1f2933",
}


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


def to_mermaid(net: nx.MultiDiGraph[str]) -> str:
    """Write a graph as a Mermaid flowchart, which many documentation sites draw.

    Examples
    --------
    >>> import networkx as nx
    >>> net = nx.MultiDiGraph()
    >>> _ = net.add_edge("a", "b", delay=3, port="x")
    >>> len(to_mermaid(net).splitlines())
    8
    """
    says = captions(net)
    ids = {name: f"n{i}" for i, name in enumerate(says)}
    lines = ["flowchart LR", *_grouped(says, lambda c: _mermaid_node(ids, c), _mermaid_group)]
    lines += [_mermaid_edge(ids, wire) for wire in wires(net)]
    return "\n".join([*lines, *(f"  classDef {r} {style}" for r, style in CLASSES.items()), ""])


def to_dot(net: nx.MultiDiGraph[str]) -> str:
    """Write a graph in the DOT language of Graphviz.

    Examples
    --------
    >>> import networkx as nx
    >>> net = nx.MultiDiGraph()
    >>> _ = net.add_edge("a", "b", delay=3, port="x")
    >>> to_dot(net).count("->")
    1
    """
    says = captions(net)
    head = ["digraph nodegraph {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled"];']
    lines = [*head, *_grouped(says, _dot_node, _dot_group), *map(_dot_edge, wires(net))]
    return "\n".join([*lines, "}", ""])


def _grouped(
    says: dict[str, Caption],
    write: Callable[[Caption], str],
    enclose: Callable[[int, str, list[str]], list[str]],
) -> list[str]:
    """Write the nodes outside of any composite, then each composite with those inside it."""
    groups: dict[str | None, list[str]] = {None: []}
    for caption in says.values():
        groups.setdefault(caption.group, []).append(write(caption))
    framed = [(group, nodes) for group, nodes in groups.items() if group is not None]
    inside = [line for i, (name, nodes) in enumerate(framed) for line in enclose(i, name, nodes)]
    return groups[None] + inside


def _words(caption: Caption, clean_up: Callable[[str], str], newline: str) -> str:
    lines = (caption.short_name, caption.details, caption.badge)
    return newline.join(clean_up(line) for line in lines if line)


def _mermaid_node(ids: dict[str, str], caption: Caption) -> str:
    left, right = ("([", "])") if caption.role == "input" else ("[", "]")
    words = _words(caption, _mermaid_text, "<br/>")
    return f'  {ids[caption.name]}{left}"{words}"{right}:::{caption.role}'


def _mermaid_group(index: int, name: str, nodes: list[str]) -> list[str]:
    return [f'  subgraph g{index}["{_mermaid_text(name)}"]', *nodes, "  end"]


def _mermaid_edge(ids: dict[str, str], wire: Wire) -> str:
    arrow = "-.->" if wire.delay else "-->"
    label = f'|"{_mermaid_text(wire.label)}"|' if wire.label else ""
    return f"  {ids[wire.source]} {arrow}{label} {ids[wire.target]}"


def _mermaid_text(text: str) -> str:
    """Write everything but letters, digits and harmless signs as Mermaid's numbered entities."""
    return "".join(c if c.isalnum() or c in " _-.,·" else f"#{ord(c)};" for c in clean(text))


def _dot_node(caption: Caption) -> str:
    fill, stroke, ink = (part.split(":")[1] for part in CLASSES[caption.role].split(","))
    words = _words(caption, _dot_text, "\\n")
    colours = f'fillcolor="{fill}", color="{stroke}", fontcolor="{ink}"'
    return f'  "{_dot_text(caption.name)}" [label="{words}", {colours}];'


def _dot_group(index: int, name: str, nodes: list[str]) -> list[str]:
    return [f"  subgraph cluster_{index} {{", f'  label="{_dot_text(name)}";', *nodes, "  }"]


def _dot_edge(wire: Wire) -> str:
    style = ", style=dashed" if wire.delay else ""
    ends = f'"{_dot_text(wire.source)}" -> "{_dot_text(wire.target)}"'
    return f'  {ends} [label="{_dot_text(wire.label)}"{style}];'


def _dot_text(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')
