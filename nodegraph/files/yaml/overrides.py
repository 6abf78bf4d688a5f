"""``--set nodes.reservoir.units=1000``: one value of a document, written anew."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from nodegraph.files.yaml.document import Document, Mark
from nodegraph.files.yaml.reader import read_value
from nodegraph.graph.messages import place
from nodegraph.graph.messages.complaints import Loc
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["override"]

_PART = re.compile(r"([^.\[\]=]+)|\[(\d{1,6})\]")
_PATH = re.compile(r"[^.\[\]=]+(\.[^.\[\]=]+|\[\d{1,6}\])*")


def override(document: Document, text: str) -> Document:
    """Return `document` with one value replaced.

    Parameters
    ----------
    document : Document
        What was read; left as it is.
    text : str
        ``path=value``, as in ``nodes.reservoir.units=1000`` or ``edges[0]=u >> readout``. The
        value is read as YAML. The last name and a section of the top level may be new.

    Raises
    ------
    SpecError
        If the path does not lead into the document, or the value is no YAML.

    Examples
    --------
    >>> override(Document({"nodes": {"r": {"units": 5}}}), "nodes.r.units=7").data
    {'nodes': {'r': {'units': 7}}}
    """
    mark = Mark(f"--set {text}" if len(text) <= 200 and text.isprintable() else "--set")
    name, equals, value = text.partition("=")
    if not equals or not _PATH.fullmatch(name.strip()) or not value.strip():
        raise mark.error("should be path=value, as in nodes.reservoir.units=1000")
    path = _path(name.strip())
    data = copy.deepcopy(document.data)
    holder = _holder(data, path, mark)
    _put(holder, path, read_value(value.strip(), mark.source), mark)
    values, keys = (_marks(old, path, mark) for old in (document.values, document.keys))
    return Document(data, document.source, values, keys, (*document.changed, path))


def _marks(old: Mapping[Loc, Mark], path: Loc, mark: Mark) -> dict[Loc, Mark]:
    kept = {at: m for at, m in old.items() if at[: len(path)] != path}
    sections = {path[:n]: mark for n in range(1, len(path)) if path[:n] not in old}
    return {**kept, **sections, path: mark}


def _path(name: str) -> Loc:
    return tuple(word if word else int(index) for word, index in _PART.findall(name))


def _holder(data: dict[str, Any], path: Loc, mark: Mark) -> Any:
    """Return the mapping or list that the last part of `path` is in."""
    if len(path) > 1 and isinstance(path[0], str) and path[0] not in data:
        inside = [key for key, v in data.items() if isinstance(v, dict) and path[0] in v]
        if inside:
            raise mark.error(f"no {path[0]} at the top; did you mean {inside[0]}.{place(path)}?")
        data[path[0]] = {}
    holder: Any = data
    for depth, part in enumerate(path[:-1]):
        _check_step(holder, path[: depth + 1], mark)
        holder = holder[part]
    return holder


def _put(holder: Any, path: Loc, value: Any, mark: Mark) -> None:
    if not isinstance(holder, dict) or isinstance(path[-1], int):
        _check_step(holder, path, mark)
    holder[path[-1]] = value


def _check_step(holder: Any, path: Loc, mark: Mark) -> None:
    above, part = place(path[:-1]) or "the file", path[-1]
    if isinstance(holder, list):
        if not isinstance(part, int) or part >= len(holder):
            raise mark.error(f"{above} is a list of {len(holder)} items; write {above}[0]=...")
    elif not isinstance(holder, dict):
        raise mark.error(f"{above} is a single value, {shown(holder)}; nothing is inside it")
    elif part not in holder:
        guess = nearest(str(part), holder)
        hint = f"did you mean {guess}?" if guess else f"there are {', '.join(holder) or 'none'}"
        hint += "" if guess else f"; to add one write {place(path)}={{key: value}}"
        raise mark.error(f"no {part} in {above}; {hint}")
