"""A graph as one SVG: boxes by role, dashed wires for delays, frames for composites; or as text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import networkx as nx

from nodegraph.errors import GraphError
from nodegraph.host.paths import own_path
from nodegraph.plotting.graphs.labels import clean, shorten, text_width
from nodegraph.plotting.graphs.layout import Box, Picture, Point, Rect, Route, layout
from nodegraph.plotting.graphs.texts import to_dot, to_mermaid, to_text

__all__ = ["draw", "to_svg"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
INK, QUIET, WIRE, DELAYED, RING = "#1f2933", "#52606d", "#64748b", "#8b3fb0", "#c81e1e"
COLOURS = {  # role: fill, stroke
    "input": ("#e3f4ea", "#2f855a"),
    "node": ("#e8f0fd", "#3b6cb7"),
    "learner": ("#fff0dc", "#c46a12"),
    "frozen": ("#eef1f4", "#7b8794"),
}


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


def to_svg(net: nx.MultiDiGraph[str], title: str | None = None) -> str:
    """Draw a graph as an SVG that needs nothing but a browser.

    Signals flow from left to right. Solid wires arrive in the same step, dashed ones later;
    a ring in the corner of a box marks a node inside a feedback loop. The picture brings its
    own light background, so it reads in dark notebooks too.

    Parameters
    ----------
    net : networkx.MultiDiGraph
        Nodes are names with the attributes ``kind``, ``units``, ``rule``, ``input``, ``output``,
        ``group`` and ``frozen``; edges have ``delay`` and ``port``. Missing ones are left out.
    title : str, optional
        Heading above the picture.

    Returns
    -------
    str
        The SVG element, all names escaped.

    Examples
    --------
    >>> import networkx as nx
    >>> net = nx.MultiDiGraph()
    >>> net.add_node("u", kind="Input")
    >>> net.add_node("reservoir", kind="Reservoir", units=500)
    >>> _ = net.add_edge("u", "reservoir", delay=0, port="x")
    >>> to_svg(net).count('class="node')
    2
    """
    picture = layout(net)
    name = clean(title or "")
    lift = 30.0 if name else 0.0
    width = max(picture.width, text_width(name, 16) + 44 if name else 0.0)
    shift = (width - picture.width) / 2
    body = f'<g transform="translate({_n(shift)} {_n(lift)})">{_body(picture)}</g>'
    return _sheet(width, picture.height + lift, name) + _heading(name) + body + "</svg>"


def _sheet(width: float, height: float, name: str) -> str:
    words = escape(name or "graph")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" role="img" aria-label="{words}" '
        f'font-family="{FONT}" style="max-width:100%;height:auto"><title>{words}</title>'
        f'<rect x="0.5" y="0.5" width="{_n(width - 1)}" height="{_n(height - 1)}" rx="10" '
        'fill="#ffffff" stroke="#d9e0e7"/>'
    )


def _heading(name: str) -> str:
    return _text((22, 30), shorten(name, 90), 16, INK, "start", bold=True) if name else ""


def _body(picture: Picture) -> str:
    parts = [_frame(name, rect) for name, rect in picture.frames]
    parts += [_stub(start, end, "entry") for start, end in picture.entries]
    parts += [_stub(start, end, "exit") for start, end in picture.exits]
    parts += map(_wire, picture.routes)
    parts += map(_box, picture.boxes)
    parts += map(_words, picture.routes)
    return "".join(parts)


def _frame(name: str, rect: Rect) -> str:
    label = _text((rect.x + 12, rect.y + 17), shorten(clean(name), 30), 12, QUIET, "start", True)
    shape = _rect(rect, 10, "#f8fafc", "#b8c4d0")
    return f'<g class="group"><title>{escape(clean(name))}</title>{shape}{label}</g>'


def _stub(start: Point, end: Point, role: str) -> str:
    line = f"M{_p(start)}L{_n(end[0] - 7)} {_n(end[1])}"
    dot = f'<circle cx="{_n(start[0])}" cy="{_n(start[1])}" r="2.5" fill="{WIRE}"/>'
    path = f'<path d="{line}" fill="none" stroke="{WIRE}" stroke-width="1.6"/>'
    return f'<g class="{role}">{path}{dot * (role == "entry")}{_head(end, WIRE)}</g>'


def _wire(route: Route) -> str:
    wire = route.wire
    colour = DELAYED if wire.delay else RING if route.backward else WIRE
    start, *rest = route.points
    pieces = [*rest[:-1], (rest[-1][0] - 6, rest[-1][1])]
    curve = "".join(f"C{_p(a)} {_p(b)} {_p(c)}" for a, b, c in _triples(pieces))
    dash = ' stroke-dasharray="6 4"' if wire.delay else ""
    says = f"{clean(wire.source)} → {clean(wire.target)}" + f" ({wire.label})" * bool(wire.label)
    return (
        f'<g class="edge{" delayed" * bool(wire.delay)}"><title>{escape(says)}</title>'
        f'<path d="M{_p(start)}{curve}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'
        f"{_head(rest[-1], colour)}</g>"
    )


def _triples(points: Sequence[Point]) -> list[tuple[Point, Point, Point]]:
    return list(zip(points[::3], points[1::3], points[2::3], strict=True))


def _head(tip: Point, colour: str) -> str:
    x, y = tip
    return (
        f'<path d="M{_p(tip)}L{_n(x - 8)} {_n(y - 4)}L{_n(x - 8)} {_n(y + 4)}Z" fill="{colour}"/>'
    )


def _words(route: Route) -> str:
    if route.label is None:
        return ""
    text, rect = route.label
    middle = rect.x + rect.width / 2, rect.y + 11.8
    colour = DELAYED if route.wire.delay else QUIET
    shape = _rect(rect, 4, "#ffffff", "none", ' fill-opacity="0.85"')
    return f'<g class="label">{shape}{_text(middle, text, 11, colour)}</g>'


def _box(box: Box) -> str:
    caption, rect = box
    fill, stroke = COLOURS[caption.role]
    radius = min(rect.height / 2, 24) if caption.role == "input" else 8
    ring = _text((rect.x + rect.width - 13, rect.y + 17), "↻", 14, DELAYED) if caption.loop else ""
    return (
        f'<g class="node {caption.role}" data-name="{escape(clean(caption.name))}">'
        f"<title>{escape(caption.sentence)}</title>{_rect(rect, radius, fill, stroke)}"
        f"{_lines(box, stroke)}{ring}</g>"
    )


def _lines(box: Box, stroke: str) -> str:
    caption, rect = box
    x, y = rect.x + rect.width / 2, rect.y + rect.height / 2 - 10 * bool(caption.badge)
    name = _text((x, y - 3), shorten(caption.short_name), 13.5, INK, bold=True)
    details = _text((x, y + 14), shorten(caption.details, 48), 11.5, QUIET)
    return name + details + (_badge((x, y + 30), caption.badge, stroke) if caption.badge else "")


def _badge(middle: Point, words: str, stroke: str) -> str:
    words = shorten(words)
    width = text_width(words, 10.5) + 14
    rect = Rect(middle[0] - width / 2, middle[1] - 8, width, 16)
    return _rect(rect, 8, "#ffffff", stroke) + _text((middle[0], middle[1] + 3.6), words, 10.5, INK)


def _rect(rect: Rect, radius: float, fill: str, stroke: str, more: str = "") -> str:
    x, y, width, height = map(_n, rect)
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{_n(radius)}" '
        f'fill="{fill}" stroke="{stroke}"{more}/>'
    )


def _text(
    at: Point, words: str, size: float, colour: str, anchor: str = "middle", bold: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{_n(at[0])}" y="{_n(at[1])}" font-size="{_n(size)}" fill="{colour}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
