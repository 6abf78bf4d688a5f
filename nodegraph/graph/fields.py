"""Types of hyper-parameters: shares, numbers for each unit, arrays, classes."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, NonNegativeFloat

from nodegraph.arrays import frozen_array, is_sparse
from nodegraph.graph.described import plain_value
from nodegraph.graph.messages import shown

__all__ = [
    "BySource",
    "Classes",
    "Fraction",
    "Matrix",
    "PerUnit",
    "PerUnitFraction",
    "Start",
    "Tensor",
    "UnitInterval",
    "Vector",
]


def _to_array(ndim: int, by_source: bool = False) -> Any:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        if ndim == 2 and hasattr(value, "is_directed"):
            value = _adjacency(value, by_source)
        try:
            array = frozen_array(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"should be an array of numbers with {ndim} axes (got {type(value).__name__}); "
                "in YAML write {file: weights.npz, key: W}"
            ) from None
        if array.ndim != ndim:
            raise ValueError(f"should have {ndim} axes (got shape {array.shape})")
        if 0 in array.shape:
            raise ValueError(f"should not be empty (got shape {array.shape})")
        data = array.data if is_sparse(array) else array
        if not np.isfinite(data).all():
            raise ValueError("should have finite entries (got NaN or inf)")
        return array

    return convert


def _adjacency(graph: Any, by_source: bool) -> Any:
    """Return the weights of a networkx graph: an edge from node j to node i is in W[i, j].

    Nodes stand in the order of the graph, but those called 0, 1, 2 ... in that of their numbers.
    `by_source`: in W[j, i].
    """
    import networkx as nx

    if not len(graph):
        raise ValueError("should be a graph with nodes (got none)")
    counted = range(len(graph))
    order = counted if set(graph) == set(counted) else list(graph)
    if by_source:
        return nx.to_numpy_array(graph, order, dtype=np.dtype(float))
    return nx.to_scipy_sparse_array(graph, order, dtype=np.dtype(float), format="csc").T


def _to_classes(value: Any) -> Any:
    """Return names of classes as words, whole numbers or truth values, sorted and each once."""
    if value is None:
        return None
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise ValueError(
            "should be several words, whole numbers or truth values, in sorted order "
            f"(got {value!r})"
        )
    names = tuple(_class_name(item) for item in plain_value(list(value)))
    if len({type(name) for name in names}) > 1:
        raise ValueError(
            f"should be all words, all whole numbers or all truth values (got {shown(list(names))})"
        )
    right = tuple(sorted(set(names)))
    if len(right) < 2:
        raise ValueError(f"should be at least 2 different classes (got {shown(list(names))})")
    if names != right:
        raise ValueError(f"should be sorted, each once; write classes={list(right)}")
    return names


def _class_name(item: Any) -> str | int:
    if isinstance(item, bytes):
        return item.decode()
    if isinstance(item, str | bool):
        return item
    if isinstance(item, int | float) and item == item and int(item) == item:
        return int(item)
    raise ValueError(f"should be words or whole numbers (got {item!r})")


def _to_start(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("zeros", "random"):
            raise ValueError(
                f"should be 'zeros', 'random' or one number for each unit (got {value!r})"
            )
        return value
    return _to_array(1)(value)


def _to_tuple(value: Any) -> Any:
    return tuple(value.tolist()) if isinstance(value, np.ndarray) and value.ndim == 1 else value


Fraction = Annotated[float, Field(gt=0, le=1)]
UnitInterval = Annotated[float, Field(ge=0, le=1)]
Matrix = Annotated[Any, BeforeValidator(_to_array(2))]
BySource = Annotated[Any, BeforeValidator(_to_array(2, by_source=True))]  # sources in rows
Tensor = Annotated[Any, BeforeValidator(_to_array(3))]
Vector = Annotated[Any, BeforeValidator(_to_array(1))]
Classes = Annotated[
    tuple[str, ...] | tuple[bool, ...] | tuple[int, ...] | None, BeforeValidator(_to_classes)
]  # None: quantities


Start = Annotated[Any, BeforeValidator(_to_start)]
PerUnit = Annotated[
    NonNegativeFloat | Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1)],
    BeforeValidator(_to_tuple),
]
PerUnitFraction = Annotated[
    Fraction | Annotated[tuple[Fraction, ...], Field(min_length=1)], BeforeValidator(_to_tuple)
]
