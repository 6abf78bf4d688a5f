"""What the docstring of a node or rule says of its fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from nodegraph.graph.described import Described
from nodegraph.graph.node import Composite, Node
from nodegraph.graph.rule import Rule

__all__ = ["FieldDoc", "fields", "parameters", "sort_of", "summary"]

_ENTRY = re.compile(r"(?P<names>\w+(?:, \w+)*)(?: : (?P<type>.+))?")


class FieldDoc(NamedTuple):
    """One field of a kind, in words."""

    field: str
    type: str
    default: str
    meaning: str


def sort_of(cls: type) -> str:
    """Return whether a kind is a ``node``, a ``composite`` of nodes or a ``rule``."""
    if issubclass(cls, Rule):
        return "rule"
    return "composite" if issubclass(cls, Composite) else "node"


def summary(cls: type) -> str:
    """Return the first sentence of the docstring as plain text."""
    first = (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")
    return plain(first)


def plain(text: str) -> str:
    """Return `text` without the marks of reStructuredText: quotes of code, roles, references.

    Examples
    --------
    >>> plain("Like ``y = x`` of a `nodes.Reservoir`, see :func:`f` [1]_.")
    'Like y = x of a nodes.Reservoir, see f.'
    """
    return re.sub(r",? ?\[\d+\]_|:\w+:(?=`)|`", "", text)


def fields(cls: type[Described]) -> list[FieldDoc]:
    """Return every field of a kind, with what its own or an inherited docstring says of it.

    What all nodes share, such as the name, comes last.
    """
    said: dict[str, tuple[str, str]] = {}
    for base in reversed(cls.__mro__):
        said.update(parameters(base.__dict__.get("__doc__") or ""))
    found = []
    common = [name for name in Node.model_fields if name in cls.model_fields]
    own = [name for name in cls.model_fields if name not in common]
    for name in (*own, *common):
        field = cls.model_fields[name]
        said_as = field.alias or name
        type_, meaning = said.get(said_as, ("", ""))
        type_ = type_.removesuffix(", optional") or _type_words(field)
        found.append(FieldDoc(said_as, plain(type_), _default(field, cls), plain(meaning)))
    return found


def parameters(docstring: str) -> dict[str, tuple[str, str]]:
    r"""Return type and meaning of each name under ``Parameters`` of a numpydoc docstring.

    Examples
    --------
    >>> parameters("Do.\n\nParameters\n----------\na, b : int\n    How many.")["b"]
    ('int', 'How many.')
    """
    said: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    for line in _section(inspect.cleandoc(docstring)):
        if entry := _ENTRY.fullmatch(line):
            names = entry["names"].split(", ")
            said.update(dict.fromkeys(names, (entry["type"] or "", "")))
        elif line.strip():
            for name in names:
                type_, before = said[name]
                said[name] = type_, f"{before} {line.strip()}".strip()
    return said


def _section(text: str) -> Iterator[str]:
    _, _, rest = text.partition("Parameters\n----------\n")
    lines = rest.split("\n")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", below):
            return
        yield line


def _default(field: FieldInfo, cls: type[Described]) -> str:
    if field.is_required():
        return "required"
    others = {name: other.default for name, other in cls.model_fields.items()}
    default: Any = field.get_default(call_default_factory=True, validated_data=others)
    return "none" if default is None else str(default)


def _type_words(field: FieldInfo) -> str:
    return in_words(field.annotation)


def in_words(annotation: Any) -> str:
    """Return a type as people write it, without what checks it.

    Examples
    --------
    >>> in_words(Annotated[int, "above 0"] | None), in_words(Literal["a", "b"])
    ('int', 'a or b')
    """
    if annotation is Any:
        return "array"
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return in_words(parts[0])
    if origin is Literal:
        return " or ".join(map(str, parts))
    if origin in (Union, UnionType):
        words = [in_words(part) for part in parts if part is not type(None)]
        return " or ".join(dict.fromkeys(words))
    inner = ", ".join(in_words(part) for part in parts if part is not Ellipsis)
    return f"{origin.__name__} of {inner}" if origin is not None and inner else str(annotation)
