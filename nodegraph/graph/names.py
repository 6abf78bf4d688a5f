"""What the nodes of a graph are called, and which random stream each draws from."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from nodegraph.errors import DataError, GraphError

__all__ = ["check_name", "keep_streams", "name_nodes", "node_name", "snake_case", "streams_of"]

_FOREIGN = re.compile(r"[^a-z0-9_]")
LONGEST = 60


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
        name = path[-1].name or _free(_default(path[-1]), taken)
        words[path] = name
        taken.add(name)
    return words


def streams_of(names: Mapping[Any, str], owners: Mapping[Any, tuple[Any, ...]]) -> dict[str, str]:
    """Return, for each name, the word that the random numbers of its node are drawn by.

    It is the name, except that a part that was not given one keeps the word that it had in the
    first model it went into, whatever it is called elsewhere. No two are alike: a given name comes
    before a kept word, a kept word before a new one, and the later of two gets the next free one.
    """
    words = _words(_tops(names, owners))
    split = {name: name.partition(".") for name in names.values()}
    return {name: words[top] + dot + rest for name, (top, dot, rest) in split.items()}


def keep_streams(
    names: Mapping[Any, str], owners: Mapping[Any, tuple[Any, ...]], streams: Mapping[str, str]
) -> None:
    """Let the parts that have no name of their own draw by these words from now on."""
    tops = _tops(names, owners)
    for name, word in streams.items():
        part = tops[name.partition(".")[0]]
        if part.name is None and part._drawn_as is None:
            part._drawn_as = word.partition(".")[0]


def _tops(names: Mapping[Any, str], owners: Mapping[Any, tuple[Any, ...]]) -> dict[str, Any]:
    """Return the nodes, and the outermost composites of the others, by name."""
    return {
        name.partition(".")[0]: (*owners.get(node, ()), node)[0] for node, name in names.items()
    }


def _words(tops: Mapping[str, Any]) -> dict[str, str]:
    kept = {name: part._drawn_as for name, part in tops.items() if part._drawn_as}
    words = {name: name for name, part in tops.items() if part.name and name not in kept}
    for name in (*kept, *tops):
        wanted = kept.get(name, name)
        if name not in words:
            taken = set(words.values())
            words[name] = _free(_default(tops[name]), taken) if wanted in taken else wanted
    return words


def check_name(name: str) -> str:
    """Return `name`, or refuse it where an edge could not be written with it.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_name("in_")
    'in_'
    """
    if keyword.iskeyword(name):
        raise ValueError(
            f"should not be {name!r}, a word of Python, which no edge could name; write {name}_"
        )
    return name


def _default(part: Any) -> str:
    """Return what a part is called by its class: a word that an edge can name."""
    word = _FOREIGN.sub("", snake_case(type(part).label or type(part).__name__))[: LONGEST - 5]
    if not word or word[0].isdigit():
        word = f"node{word}"
    return f"{word}_" if keyword.iskeyword(word) else word


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def node_name(
    name: str, known: Collection[str], role: str, ends: Mapping[str, list[str]] | None = None
) -> str:
    """Return `name`, or that of the only node of a composite called so, or its only one of `ends`.

    Raises
    ------
    DataError
        If there is no such node; the message has the nearest one.
    """
    if name in known:
        return name
    inside = [other for other in known if other.startswith(f"{name}.")]
    inside = (ends or {}).get(name, []) if len(inside) > 1 else inside
    if len(inside) == 1:
        return inside[0]
    near = get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    raise DataError(f"{role} for {name!r}: no node is named so; {hint}")
