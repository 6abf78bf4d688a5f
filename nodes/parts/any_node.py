"""A field that holds a node, which YAML writes by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from nodegraph.graph.registry import split_kind, written_kind
from nodegraph.node import Node

__all__ = ["AnyNode"]


def _by_kind(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    fields = dict(value)
    cls, more = split_kind(fields.pop("kind", "nothing"))
    return cls(**more, **fields)


def _to_kind(node: Node) -> dict[str, Any]:
    return written_kind(node, node.as_given())


AnyNode = Annotated[Node, BeforeValidator(_by_kind), PlainSerializer(_to_kind)]
