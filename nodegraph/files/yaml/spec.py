"""Graphs as YAML: reading them, with every error at its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nodegraph.errors import DataWarning, FieldError, GraphError, NodegraphError, SpecError, warn
from nodegraph.files.yaml.document import Document, error_at, error_at_node, error_from
from nodegraph.files.yaml.edges import EdgeError, evaluate
from nodegraph.files.yaml.header import Header
from nodegraph.files.yaml.overrides import override
from nodegraph.files.yaml.reader import read_document, read_file
from nodegraph.graph import Composable, Graph, delay, overlay
from nodegraph.graph.messages import nearest
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.complaints import Loc
from nodegraph.graph.messages.phrases import shown
from nodegraph.graph.nested import NestedGraph
from nodegraph.graph.node import Composite, Node
from nodegraph.graph.plan import Plan
from nodegraph.graph.registry import split_kind

__all__ = ["Spec", "read_plain", "read_text", "read_yaml"]

MAX_NESTING = 8  # graphs in graphs
OF_THE_WHOLE = ("seed", "dtype", "numerics", "task", "engine")  # not of a graph that is a node

LoadArray = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Spec:
    """A YAML graph that was read.

    Parameters
    ----------
    graph : Graph
    header : Header
        What else stands there: name, description, seed, dtype, task, engine.
    document : Document
        The data, and where they stand in the text.
    text : str
        The YAML itself.
    folder : Path
        Where the files that it names are.
    data : Path, optional
        Where those of its task are, if elsewhere.
    """

    graph: Graph
    header: Header
    document: Document
    folder: Path
    data: Path | None = None


@known_arguments
def read_yaml(
    path: str | PathLike[str],
    changes: Sequence[str] = (),
    data: str | PathLike[str] | None = None,
) -> Spec:
    """Return the graph in a YAML file, with the task that may stand beside it.

    Parameters
    ----------
    path : path-like
    changes : sequence of str
        Such as ``nodes.reservoir.units=1000``. A path of a file that is given here may lead
        anywhere, from the current folder on; one that stands in the file stays in its folder.
    data : path-like, optional
        The folder of the files of the task, in place of that of the YAML.

    Raises
    ------
    SpecError
        With file, line, column and key of each thing that is wrong.

    Examples
    --------
    >>> spec = read_yaml("graphs/narma10.yaml")
    >>> spec.graph.outputs
    ('readout',)
    """
    document = read_file(path)
    for change in changes:
        document = override(document, change)
    spec = _Reader(document, Path(path).expanduser().parent).spec()
    return replace(spec, data=None if data is None else Path(data).expanduser())


def read_text(text: str, folder: str | PathLike[str] = ".", load: LoadArray | None = None) -> Spec:
    """Return the graph in a YAML text; `load` stands in for reading ``{file: ...}`` arrays."""
    return _Reader(read_document(text), Path(folder), load).spec()


def read_plain(data: Mapping[str, Any], source: str, load: LoadArray) -> Spec:
    """Return the graph in plain values, as `nodegraph.files.yaml.writer.to_plain` writes them.

    There is no limit to how many or how deep they are: they were not read from YAML.
    """
    return _Reader(Document(dict(data), source), Path(), load, most_nested=None).spec()


class _Reader:
    """One document on its way to a graph."""

    def __init__(
        self,
        document: Document,
        folder: Path,
        load: LoadArray | None = None,
        nesting: int = 0,
        most_nested: int | None = MAX_NESTING,
    ):
        self.document, self.folder, self.nesting = document, folder, nesting
        self.most_nested = most_nested
        self.load = load or self._load_file
        self.parts: dict[str, Node | Composite] = {}

    def spec(self) -> Spec:
        try:
            header = Header(**self.document.data)
        except ValidationError as error:
            said = str(error_from(self.document, error, model=Header))
            raise SpecError("\n".join([said, *self._node_faults()])) from error
        if faults := self._node_faults():
            raise SpecError("\n".join(faults))
        graph = self._graph(header.edges, header.streams)
        return Spec(graph, header, self.document, self.folder)

    def _node_faults(self) -> list[str]:
        """Make all nodes; return what is wrong with those that cannot be made."""
        nodes = self.document.data.get("nodes")
        each = nodes.items() if isinstance(nodes, dict) else ()
        found = [self._read_node(name, fields) for name, fields in each if isinstance(fields, dict)]
        return [fault for fault in found if fault]

    def _error(self, path: Loc, message: str, on_key: bool = False) -> SpecError:
        return error_at(self.document, path, message, on_key=on_key)

    def _read_node(self, name: str, fields: Any) -> str | None:
        """Make the node called `name`; return what is wrong with it, if something is."""
        try:
            self.parts[name] = self._node(name, fields)
        except SpecError as error:
            return str(error)
        except FieldError as error:
            lines = [
                str(self._error(("nodes", name, *c.loc), c.message, c.on_key))
                if c.loc
                else str(error_at_node(self.document, ("nodes", name), f"{name}: {c.message}"))
                for c in error.complaints
            ]
            return "\n".join(lines) or str(self._error(("nodes", name), str(error)))
        return None

    def _node(self, name: str, fields: Any) -> Node | Composite:
        path: Loc = ("nodes", name)
        kind = fields.get("kind")
        if not isinstance(kind, str):
            fault = "is required" if kind is None else f"should be a word (got {shown(kind)})"
            raise self._error((*path, "kind"), f"{fault}: the kind of node, such as Reservoir")
        if kind == "graph":
            return self._nested(path, name)
        given = {key: self._value((*path, key), value) for key, value in fields.items()}
        del given["kind"]
        try:
            cls, own = split_kind(kind)
        except SpecError as error:
            raise self._error((*path, "kind"), str(error)) from None
        if not issubclass(cls, Node | Composite):
            raise self._error((*path, "kind"), f"{kind} is a rule: write it as rule: of a node")
        if "name" in given:
            raise self._error((*path, "name"), "is given by the key", on_key=True)
        return cls(name=name, **own, **given)

    def _value(self, path: Loc, value: Any) -> Any:
        """Return a field's value, with each ``{file: ...}`` in it read."""
        if isinstance(value, list):
            return [self._value((*path, i), part) for i, part in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if "kind" in value or "file" not in value:
            return {key: self._value((*path, key), part) for key, part in value.items()}
        try:
            if self.document.is_users((*path, "file")) and self.load == self._load_file:
                return self._load_file(value, None)
            return self.load(value)
        except NodegraphError as error:
            raise self._error(path, str(error)) from error

    def _load_file(self, where: Mapping[str, Any], *root: Path | None) -> Any:
        from nodegraph.files.table_files import load_array

        odd = set(where) - {"file", "key"}
        if odd:
            raise SpecError(f"unknown key {min(odd)!r}; write {{file: weights.npz, key: W}}")
        return load_array(where["file"], key=where.get("key"), root=(*root, self.folder)[0])

    def _nested(self, path: Loc, name: str) -> NestedGraph:
        raw = self.document.data["nodes"][name]
        depth, most = self.nesting + 1, self.most_nested
        if most is not None and depth > most:
            raise self._error(path, f"graphs are nested more than {most} deep")
        if set(raw) == {"kind", "nodes", "edges"}:
            below = _below(self.document, path)
            inner = _Reader(below, self.folder, self.load, depth, most)
            return NestedGraph(name=name, graph=inner.spec().graph)
        if set(raw) != {"kind", "file"} or not isinstance(raw["file"], str):
            raise self._error(path, "a graph in a graph is written {kind: graph, file: other.yaml}")
        if self.document.is_users((*path, "file")):
            file = Path(raw["file"]).expanduser()
        elif (
            not (file := self.folder / raw["file"]).resolve().is_relative_to(self.folder.resolve())
        ):
            raise self._error((*path, "file"), "should be in the folder of this file or below it")
        spec = _Reader(read_file(file), file.parent, nesting=depth).spec()
        _warn_of_what_is_not_read(spec, self.document)
        return NestedGraph(name=name, file=raw["file"], graph=spec.graph)

    def _graph(self, lines: Sequence[str], streams: Mapping[str, str]) -> Graph:
        for name, word in streams.items():
            self._draw_by(name, word)
        pieces, faults = list[Composable](), list[str]()
        for i, line in enumerate(lines):
            try:
                pieces.append(self._edge(i, line))
            except SpecError as error:
                faults.append(str(error))
        if faults:
            raise SpecError("\n".join(faults))
        if pieces:
            self._check_used(overlay(*pieces))
        graph = overlay(*self.parts.values(), *pieces)  # nodes in the order of the file
        try:
            plan = Plan.of(graph)
        except NodegraphError as error:
            otherwise: Loc = ("edges",) if lines else ("nodes",)
            raise error_at_node(self.document, otherwise, str(error)) from error
        for name, stream in plan.streams.items():
            top = name.partition(".")[0]
            if stream.partition(".")[0] != (word := streams.get(top, top)):
                raise self._error(("streams",), f"{word} would be the stream of two nodes")
        return graph

    def _draw_by(self, name: str, word: str) -> None:
        if name not in self.parts:
            known = ", ".join(self.parts)
            message = f"no node is named {name!r}; there are {known}"
            raise self._error(("streams", name), message, on_key=True)
        self.parts[name]._drawn_as = word

    def _edge(self, i: int, line: str) -> Composable:
        path: Loc = ("edges", i)
        try:
            piece = evaluate(line, self._part, delay)
        except EdgeError as error:
            raise self._error_in(path, error) from None
        except GraphError as error:
            raise self._error(path, str(error)) from None
        if not isinstance(piece, Composable):
            raise self._error(path, "should join nodes, as in u >> reservoir >> readout")
        return piece

    def _error_in(self, path: Loc, error: EdgeError) -> SpecError:
        """Return the error at its column in the line of an edge."""
        mark = self.document.mark(path)
        place = mark._replace(column=mark.column + error.column) if mark.line else mark
        return place.error(f"edges[{path[-1]}]: {error}")

    def _part(self, name: str, column: int) -> Node | Composite:
        """Return the node that a name in an edge means; ``esn.readout`` is one inside another."""
        if name in self.parts:
            return self.parts[name]
        outer, _, port = name.partition(".")
        known, whole = list(self.parts), self.parts.get(outer)
        if isinstance(whole, Composite):
            names = whole.as_graph().names
            for node, inner in names.items():
                if inner == name:
                    found: Node = node
                    return found
            known = list(names.values())
        near = nearest(name, known)
        hint = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}"
        if port in getattr(whole, "ports", ()):
            hint = f'write {outer}["{port}"] for its port'
        raise EdgeError(f"no node is named {name!r}; {hint}", column)

    def _check_used(self, graph: Graph) -> None:
        used = set(graph.nodes)
        for name, part in self.parts.items():
            if not used.intersection(part.as_graph().nodes):
                message = f"{name} stands in no edge: join it or leave it out"
                raise self._error(("nodes", name), message, on_key=True)


def _warn_of_what_is_not_read(inner: Spec, outer: Document) -> None:
    """Warn of what a graph's own file says and the graph that it is a node of says otherwise."""
    given = inner.document.data
    found = [key for key in OF_THE_WHOLE if key in given and given[key] != outer.data.get(key)]
    if found:
        where = inner.document.mark((found[0],), on_key=True)
        warn(
            f"{where}: {', '.join(found)}: not read where a graph is a node of another, "
            f"{outer.source}; what stands there holds",
            DataWarning,
        )


def _below(document: Document, path: Loc) -> Document:
    """Return the part of a document at `path` as a document of its own, with the same lines."""

    def strip(marks: Mapping[Loc, Any]) -> dict[Loc, Any]:
        n = len(path)
        return {place[n:]: mark for place, mark in marks.items() if place[:n] == path}

    inner: Any = document.data
    for key in path:
        inner = inner[key]
    data = {"nodegraph": 1, "nodes": inner["nodes"], "edges": inner["edges"]}
    changed = tuple(at[len(path) :] for at in document.changed if at[: len(path)] == path)
    return Document(data, document.source, strip(document.values), strip(document.keys), changed)
