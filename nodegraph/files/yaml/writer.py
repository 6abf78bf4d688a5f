"""Graphs as YAML: writing them, so that what is read back is the same graph."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.arrays import is_sparse
from nodegraph.errors import ArgumentError, SpecError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.names import streams_of
from nodegraph.graph.registry import written_kind

if TYPE_CHECKING:
    from nodegraph.graph import Edge, Graph

__all__ = ["StoreArray", "dumped", "streams", "to_plain", "to_yaml"]

INLINE = 256  # numbers of an explicit array that may stand in the YAML itself
LONGEST_LIST = 10_000  # numbers of a field that may

StoreArray = Callable[[str, Any], dict[str, Any]]


@known_arguments
def to_yaml(graph: Any, header: Mapping[str, Any] | None = None) -> str:
    """Return `graph` as YAML text.

    Parameters
    ----------
    graph : Graph, Node, Composite or Model
        Of a model, seed, dtype and numerics are written as well, unless they are the defaults.
    header : mapping, optional
        What else is to stand there: name, description, seed, task ...

    Raises
    ------
    SpecError
        If a node holds an array too large to be written out.
    """
    if not hasattr(getattr(graph, "graph", graph), "as_graph"):
        raise ArgumentError(f"to_yaml takes a graph, a node or a model, got {type(graph).__name__}")
    if not isinstance(header, Mapping | None):
        raise ArgumentError(
            f"to_yaml: header should be a mapping, such as {{'name': 'esn'}}, got "
            f"{type(header).__name__}; Path('esn.yaml').write_text(graph.to_yaml()) writes a file"
        )
    whole: Graph = getattr(graph, "graph", graph).as_graph()
    said = {} if hasattr(type(graph), "as_graph") else _options(graph)
    head = {"nodegraph": 1, **said, **(header or {})}
    return dumped({**head, **to_plain(whole, _refuse), **streams(whole)})


def dumped(document: Mapping[str, Any]) -> str:
    """Return plain values as YAML text, in their order."""
    from ruamel.yaml import YAML

    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 100
    writer.dump(dict(document), text)
    return text.getvalue()


def to_plain(graph: Graph, store: StoreArray, *, whole: bool = False) -> dict[str, Any]:
    """Return nodes and edges as plain values; `store` says how a large array is written.

    With `whole`, graphs from other files are written out instead of named.
    """
    owners = dict(graph.owners)
    nodes: dict[str, Any] = {}
    for node, name in graph.names.items():
        part = owners[node][0] if owners.get(node) else node
        word_ = name.split(".")[0] if part is not node else name
        if word_ not in nodes:
            nodes[word_] = _fields(word_, part, store, whole)
    edges = [_line(graph, edge) for edge in graph.edges if not _inside(owners, edge)]
    joined = {node for edge in graph.edges for node in (edge.source, edge.target)}
    alone = [name for node, name in graph.names.items() if node not in joined]
    return {"nodes": nodes, "edges": edges + alone}


def streams(graph: Graph) -> dict[str, dict[str, str]]:
    """Return the section that says which nodes draw by another word than their name, if any do."""
    words = streams_of(graph.names, dict(graph.owners))
    tops = {name.partition(".")[0]: word.partition(".")[0] for name, word in words.items()}
    other = {name: word for name, word in tops.items() if word != name}
    return {"streams": other} if other else {}


def _options(model: Any) -> dict[str, Any]:
    made = {"seed": model.seed, "dtype": model.dtype.name, "numerics": model.numerics}
    usual = {"seed": 0, "dtype": "float64", "numerics": "exact"}
    return {key: value for key, value in made.items() if value != usual[key]}


def _fields(name: str, part: Any, store: StoreArray, whole: bool) -> dict[str, Any]:
    inner, file = getattr(part, "graph", None), getattr(part, "file", None)
    if inner is not None:
        plain = to_plain(inner, store, whole=whole) if whole or file is None else {"file": file}
        return {"kind": "graph", **plain}
    fields = part.as_given()
    fields.pop("name", None)
    plain = {key: _plain(f"{name}.{key}", value, store) for key, value in fields.items()}
    return written_kind(part, plain)


def _plain(where: str, value: Any, store: StoreArray) -> Any:
    if isinstance(value, np.ndarray) and value.size <= INLINE:
        return value.tolist()
    if isinstance(value, np.ndarray) or is_sparse(value):
        return store(where, value)
    if isinstance(value, Mapping):
        return {key: _plain(f"{where}.{key}", part, store) for key, part in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > LONGEST_LIST and {type(part) for part in value} in ({int}, {float}):
            return store(where, value)
        return [_plain(where, part, store) for part in value]
    if isinstance(value, bool | int | float | str | None):
        return value
    raise SpecError(f"{where}: a {type(value).__name__} cannot be written in YAML")


def _refuse(where: str, array: Any) -> dict[str, Any]:
    if is_sparse(array):
        raise SpecError(
            f"{where}: a sparse array, or a graph, is nothing for YAML; save the whole model with "
            "model.save, or give its toarray(), in which weights that are 0 may learn"
        )
    raise SpecError(
        f"{where}: an array of shape {np.shape(array)} is too large for YAML; save it with "
        "np.savez and write {file: weights.npz, key: W}, or save the whole model with model.save"
    )


def _inside(owners: Mapping[Any, Any], edge: Edge) -> bool:
    """Tell whether an edge belongs to what a composite expands to."""
    one, other = owners.get(edge.source), owners.get(edge.target)
    return bool(one and other and one[0] is other[0] and edge in set(one[0].as_graph().edges))


def _line(graph: Graph, edge: Edge) -> str:
    late = f" >> delay({edge.delay})" if edge.delay else ""
    port = f"[{edge.port}]" if edge.port != "x" else ""
    return f"{graph.names[edge.source]}{late} >> {graph.names[edge.target]}{port}"
