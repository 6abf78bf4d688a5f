"""The YAML graphs that come with nodegraph, found whatever lies in the current folder."""

from __future__ import annotations

import os
from pathlib import Path

import nodegraph
from nodegraph.errors import SpecError
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["found_graph", "shipped_graph", "shipped_graphs"]


def shipped_graphs() -> dict[str, Path]:
    """Return the files of the graphs that are installed beside this package, by name."""
    folder = Path(nodegraph.__file__).parents[1] / "graphs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def shipped_graph(name: str) -> Path:
    """Return the file of the shipped graph called `name`.

    Raises
    ------
    SpecError
        If none is called so; the message has the nearest name.
    """
    known = shipped_graphs()
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}"
        raise SpecError(f"no graph called {shown(name)} is shipped; {hint}")
    return known[name]


def found_graph(file: Path) -> Path:
    """Return `file`, or the graph of that name: in the current folder, else a shipped one.

    Raises
    ------
    SpecError
        If `file` is the bare name of nothing.
    """
    name = os.fspath(file)
    if file.is_file() or file.name != name:
        return file
    if file.suffix:
        if file.suffix == ".yaml" and file.stem in shipped_graphs() and not file.exists():
            raise SpecError(
                f"{name}: is not in this folder; write {file.stem} for the graph of that name "
                f"that is shipped, or nodegraph graphs {file.stem} --copy"
            )
        return file
    if (here := file.with_suffix(".yaml")).is_file():
        return here
    try:
        return shipped_graph(name)
    except SpecError as error:
        raise SpecError(f"{name}: is no file here, and {error}") from None
