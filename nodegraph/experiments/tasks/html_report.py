"""One self-contained HTML page about a run: graph, scores, plots, settings and versions."""

from __future__ import annotations

import io
import platform
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["report", "versions"]

DPI = 120
PACKAGES = ("nodegraph", "numpy", "scipy", "llvmlite", "ray")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --ink: #1f2933; --quiet: #52606d; --back: #f5f7fa;
  --card: #ffffff; --line: #d9e0e7; --mark: #e8f0fd; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --quiet: #9aa5b1;
  --back: #12171d; --card: #1b222b; --line: #323f4b; --mark: #223249; } }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p, dd, figcaption { overflow-wrap: anywhere; }
.quiet, figcaption { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--card); border: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .9rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--quiet); font-weight: 600; }
section.scores tbody tr:first-child { background: var(--mark); font-weight: 600; }
figure { margin: 0 0 1.2rem; }
figure img { max-width: 100%; height: auto; background: #ffffff; border-radius: 10px;
  border: 1px solid var(--line); }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: .6rem 1rem; }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; }
"""


def report(
    title: str,
    svg: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    figures: Mapping[str, Any],
    yaml: str = "",
    versions: Mapping[str, str] | None = None,
    seed: int | None = None,
    notes: str | Sequence[str] = (),
) -> str:
    """Return a page that needs no other file and no network, with all words escaped.

    Parameters
    ----------
    title : str
        Heading of the page.
    svg : str
        The graph as `nodegraph.plotting.graphs.to_svg` draws it; it is put in as it stands.
    tables : mapping of str to rows
        Heading and rows, each row a mapping of column to value. In the first table the first row
        is the model and stands out from the baselines below it.
    figures : mapping of str to Figure, Axes or bytes
        Caption and matplotlib figure (or axes), or the bytes of a PNG.
    yaml : str
        The specification that was run, shown folded.
    versions : mapping of str to str, optional
        As `versions` returns them.
    seed : int, optional
        Seed of the model.
    notes : str or sequence of str
        Paragraphs below the title.

    Returns
    -------
    str
        A whole HTML document.

    Examples
    --------
    >>> page = report("Sunspots", "<svg/>", {"Scores": [{"model": "ESN", "nrmse": 0.25}]}, {})
    >>> page.count("0.25")
    1
    """
    paragraphs = [notes] if isinstance(notes, str) else notes
    sections = [
        *(f'<p class="quiet">{_words(note)}</p>' for note in paragraphs if note),
        *(_table(heading, rows, not i) for i, (heading, rows) in enumerate(tables.items())),
        _section("Graph", f'<div class="wide">{svg}</div>') if svg else "",
        _section("Plots", "".join(map(_figure, figures, figures.values()))) if figures else "",
        _section("Settings", _folded("YAML", yaml)) if yaml else "",
        _facts({**({} if seed is None else {"seed": str(seed)}), **(versions or {})}),
    ]
    return _page(_words(title), "\n".join(filter(None, sections)))


def versions() -> dict[str, str]:
    """Return what the numbers of a run depend on: packages, Python, platform; imports nothing.

    Examples
    --------
    >>> sorted(versions())[-2:]
    ['ray', 'scipy']
    """
    found = {package: _version(package) for package in PACKAGES}
    return {**found, "python": platform.python_version(), "platform": platform.platform()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(heading: str, body: str, mark: str = "") -> str:
    return f"<section{mark}>\n<h2>{_words(heading)}</h2>\n{body}\n</section>"


def _table(heading: str, rows: Sequence[Mapping[str, Any]], scores: bool) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    head = "".join(f"<th>{_words(column)}</th>" for column in columns)
    body = "".join(f"<tr>{_cells(row, columns)}</tr>\n" for row in rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    mark = ' class="scores"' * scores
    return _section(heading, f'<div class="wide">{table}</div>', mark)


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return "".join(f"<td>{_words(_number(row.get(column)))}</td>" for column in columns)


def _number(value: Any) -> str:
    """Write a number with four digits, and nothing for what is missing."""
    if value is None:
        return "—"
    if isinstance(value, str | bool | int):
        return str(value)
    return f"{value:.4g}" if hasattr(value, "__float__") else str(value)


def _figure(caption: str, figure: Any) -> str:
    words = _words(caption)
    png = _png(figure)
    width = int.from_bytes(png[16:20], "big") * 90 // DPI  # the header of a PNG holds its width
    data = b64encode(png).decode("ascii")
    image = f'<img alt="{words}" width="{width}" src="data:image/png;base64,{data}">'
    return f"<figure>\n{image}\n<figcaption>{words}</figcaption>\n</figure>\n"


def _png(figure: Any) -> bytes:
    if isinstance(figure, bytes):
        return figure
    canvas = io.BytesIO()
    whole = figure if hasattr(figure, "savefig") else figure.get_figure()
    whole.savefig(canvas, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return canvas.getvalue()


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{_words(summary)}</summary><pre>{_words(text)}</pre></details>"


def _facts(facts: Mapping[str, str]) -> str:
    pairs = "".join(f"<dt>{_words(k)}</dt><dd>{_words(v)}</dd>\n" for k, v in facts.items())
    return _section("Made with", f"<dl>\n{pairs}</dl>") if facts else ""


def _words(text: object) -> str:
    """Escape, and drop every character that is obeyed rather than shown."""
    return escape("".join(c for c in str(text) if c.isprintable() or c in "\n\t"))
