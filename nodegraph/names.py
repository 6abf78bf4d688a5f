"""What the nodes of a graph are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nodegraph.errors import GraphError

__all__ = ["name_nodes", "snake_case"]


def snake_case(word: str) -> str:
    """Return ``CamelCase`` as ``camel_case``, and ``ES2N`` as ``es2n``."""
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", word)
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", word).lower()


def name_nodes(nodes: Iterable[Any], owners: Mapping[Any, tuple[Any, ...]]) -> dict[Any, str]:
    """Return a unique name for each node.

    A node is called by its ``name``, else by its class in snake_case, numbered from the second
    on. What a composite expands to is called ``composite.part``.

    Raises
    ------
    GraphError
        If two parts were given the same name.
    """
    paths = {node: (*owners.get(node, ()), node) for node in nodes}
    words = _name_level(paths.values(), 0)
    return {
        node: ".".join(words[path[: i + 1]] for i in range(len(path)))
        for node, path in paths.items()
    }


def _name_level(paths: Iterable[tuple[Any, ...]], level: int) -> dict[tuple[Any, ...], str]:
    """Return the word of each path that ends at `level` or below it, keyed by path."""
    paths = list(paths)
    words: dict[tuple[Any, ...], str] = {}
    families: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for path in paths:
        families.setdefault(path[:level], []).append(path)
    for family in families.values():
        parts = list(dict.fromkeys(path[: level + 1] for path in family))
        words.update(_distinct(parts))
        if deeper := [path for path in family if len(path) > level + 1]:
            words.update(_name_level(deeper, level + 1))
    return words


def _distinct(parts: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    given = [path[-1].name for path in parts if path[-1].name]
    for name in given:
        if given.count(name) > 1:
            raise GraphError(
                f"two nodes are named {name!r}; names are unique in a graph: rename one of them"
            )
    words, taken = {}, set(given)
    for path in parts:
        kind = type(path[-1])
        name = path[-1].name or _free(snake_case(kind.label or kind.__name__), taken)
        words[path] = name
        taken.add(name)
    return words


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
