"""The words in a picture: what a node and a wire say about themselves, safe to show anywhere."""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple

import networkx as nx

from nodegraph.graph.registry import word

__all__ = [
    "Caption",
    "Wire",
    "captions",
    "clean",
    "loops",
    "shorten",
    "text_width",
    "to_networkx",
    "wires",
]

NARROW = frozenset("fijlrtI.,:;|!'()[]{}1 -")
WIDE = frozenset("mwMWGOQ@%<>=+~&#—→…")


class Wire(NamedTuple):
    """One edge of the graph as it will be drawn."""

    source: str
    target: str
    delay: int = 0
    port: str = "x"

    @property
    def label(self) -> str:
        """What stands on the wire: the port unless it is x, and the delay if there is one."""
        port = "" if self.port == "x" else clean(self.port)
        return ", ".join(filter(None, (port, f"delay {self.delay}" if self.delay else "")))


class Caption(NamedTuple):
    """What the box of one node says."""

    name: str
    kind: str
    units: int | None
    rule: str | None
    input: bool
    output: bool
    frozen: bool
    loop: bool
    group: str | None

    @property
    def role(self) -> str:
        """One of input, learner, frozen and node; decides the colour."""
        if self.rule is not None:
            return "frozen" if self.frozen else "learner"
        return "input" if self.kind == "Input" else "node"

    @property
    def short_name(self) -> str:
        """The name without its composite, which the frame around the box already shows."""
        return clean(self.name.removeprefix(f"{self.group}.") or self.name) or "?"

    @property
    def details(self) -> str:
        """Kind and size, such as ``Reservoir · 500 units``."""
        return " · ".join(filter(None, (clean(self.kind), self.size)))

    @property
    def size(self) -> str:
        """Such as ``500 units``; empty where the size is not known yet."""
        return "" if self.units is None else f"{self.units} unit{'s' * (self.units != 1)}"

    @property
    def badge(self) -> str:
        """The rule by which the node learns, and whether it is frozen."""
        return ", ".join(filter(None, (clean(self.rule or ""), "frozen" if self.frozen else "")))

    @property
    def sentence(self) -> str:
        """All of the above in one line: the tooltip."""
        parts = [self.details, f"learns by {clean(self.rule)}" if self.rule else ""]
        parts += ["frozen"] * self.frozen + ["in a feedback loop: goes step by step"] * self.loop
        parts += ["graph input"] * self.input + ["graph output"] * self.output
        return f"{clean(self.name)}: {', '.join(filter(None, parts))}"


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


def captions(net: nx.MultiDiGraph[str]) -> dict[str, Caption]:
    """Return the caption of every node, by name; attributes that are missing stay empty."""
    looping = loops(net)
    return {name: _caption(name, data, name in looping) for name, data in net.nodes(data=True)}


def wires(net: nx.MultiDiGraph[str]) -> list[Wire]:
    """Return the edges in the order in which the graph holds them."""
    return [
        Wire(source, target, int(data.get("delay", 0)), str(data.get("port", "x")))
        for source, target, data in net.edges(data=True)
    ]


def loops(net: nx.MultiDiGraph[str]) -> set[str]:
    """Return the nodes that lie on a cycle."""
    rings = (ring for ring in nx.strongly_connected_components(net) if len(ring) > 1)
    return {node for ring in rings for node in ring} | {node for node, _ in nx.selfloop_edges(net)}


def clean(text: str) -> str:
    r"""Drop what a screen would obey rather than show: control, bidi and escape characters.

    Examples
    --------
    >>> clean("res\x1b[31m\u202e!")
    'res[31m!'
    """
    return "".join(c if c.isprintable() else " " * c.isspace() for c in text).strip()


def shorten(text: str, most: int = 36) -> str:
    """Keep the two ends of a long text, which tell names apart.

    Examples
    --------
    >>> shorten("a_very_long_name_of_a_reservoir", 15)
    'a_very_…servoir'
    """
    head = most // 2
    return text if len(text) <= most else f"{text[:head]}…{text[head + 1 - most :]}"


def text_width(text: str, size: float = 12.0) -> float:
    """Return about how many pixels a sans-serif text is wide, a little on the safe side."""
    return size * sum(_advance(char) for char in text)


def _advance(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    return 0.4 if char in NARROW else 0.9 if char in WIDE else 0.7 if char.isupper() else 0.61


def _caption(name: str, data: dict[str, Any], loop: bool) -> Caption:
    flags = {key: bool(data.get(key)) for key in ("input", "output", "frozen")}
    return Caption(
        name=name,
        kind=str(data.get("kind") or ""),
        units=data.get("units"),
        rule=data.get("rule"),
        loop=loop,
        group=data.get("group"),
        **flags,
    )
