"""A YAML document as plain data that knows where every value stands."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from nodegraph.errors import SpecError
from nodegraph.graph.messages import Complaint, complaints, place
from nodegraph.graph.messages.complaints import Loc
from nodegraph.graph.messages.phrases import shown

__all__ = ["Document", "Mark", "error_at", "error_at_node", "error_from"]

MOST_LINES = 20  # errors told at once


class Mark(NamedTuple):
    """A place in a text, lines and columns counted from 1; line 0 is the whole source."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    def error(self, message: str) -> SpecError:
        """Return the error that says `message` about this place."""
        return SpecError(f"{self}: {message}")


@dataclass(frozen=True)
class Document:
    """What a YAML text says, and where it says it.

    Parameters
    ----------
    data : dict
        Plain dicts, lists, str, int, float, bool and None.
    source : str
        Name of the file, for messages.
    values, keys : dict of path to Mark
        Where each value, and each key of a mapping, begins.
    changed : tuple of path
        What was not in the text but said by the user, who is trusted as the text is not.
    """

    data: dict[str, Any]
    source: str = "<string>"
    values: Mapping[Loc, Mark] = field(default_factory=dict, repr=False)
    keys: Mapping[Loc, Mark] = field(default_factory=dict, repr=False)
    changed: tuple[Loc, ...] = ()

    def is_users(self, path: Loc) -> bool:
        """Tell whether the value at `path` is the user's own word."""
        return any(path[: len(place)] == place for place in self.changed)

    def mark(self, path: Loc, on_key: bool = False) -> Mark:
        """Return where the value (or the key) at `path` stands, or else what should hold it."""
        first, second = (self.keys, self.values) if on_key else (self.values, self.keys)
        if found := first.get(path) or second.get(path):
            return found
        return self.mark(path[:-1], on_key=True) if path else Mark(self.source, 1, 1)

    def where(self, path: Loc) -> tuple[int, int]:
        """Return line and column, from 1, of the value at `path`, or of its nearest parent."""
        mark = self.mark(path)
        return mark.line, mark.column


def error_at(document: Document, path: Loc, message: str, *, on_key: bool = False) -> SpecError:
    """Return the error that says `message` about the value (or the key) at `path`.

    Examples
    --------
    >>> print(error_at(Document({}, "a.yaml"), ("seed",), "is required"))
    a.yaml:1:1: seed: is required
    """
    return SpecError(_line(document, Complaint(path, message, on_key)))


def error_at_node(document: Document, path: Loc, message: str) -> SpecError:
    """Return the error at the node, or its field, that `message` begins with; else at `path`.

    Examples
    --------
    >>> document = Document({"nodes": {"pool": {"W_in": [1.0]}}}, "a.yaml")
    >>> print(error_at_node(document, ("task",), "pool: W_in: expected shape (5, 1)"))
    a.yaml:1:1: nodes.pool.W_in: expected shape (5, 1)
    """
    nodes = document.data.get("nodes", {})
    name, _, told = message.partition(": ")
    top, _, inner = name.partition(".")
    if not told or top not in nodes:
        return error_at(document, path, message)
    if inner:  # a node of a composite
        return error_at(document, ("nodes", top), f"{inner}: {told}")
    field, _, rest = told.partition(": ")
    if rest and field in nodes[top]:
        return error_at(document, ("nodes", top, field), rest)
    return error_at(document, ("nodes", top), told)


def _line(document: Document, found: Complaint) -> str:
    where = place(found.loc[:-1] if found.on_key else found.loc)
    told = f"{where}: {found.message}" if where else found.message
    return f"{document.mark(found.loc, found.on_key)}: {told}"


def error_from(
    document: Document,
    error: ValidationError,
    path: Loc = (),
    model: type[BaseModel] | None = None,
    foreign: Mapping[str, str] = types.MappingProxyType({}),
) -> SpecError:
    """Return what pydantic found wrong as one error, a line for each fault.

    Parameters
    ----------
    document : Document
    error : pydantic.ValidationError
        Raised while the value at `path` was checked.
    path : tuple of str or int
        What was checked; empty for the whole document.
    model : type of BaseModel, optional
        The class that was asked to check.
    foreign : mapping of str to str
        Names of fields in other libraries, and the right ones.
    """
    found = [each._replace(loc=path + each.loc) for each in complaints(error, foreign, model)]
    lines = [_line(document, each) for each in found[:MOST_LINES]]
    rest = [f"and {len(found) - MOST_LINES} more"] if len(found) > MOST_LINES else []
    return SpecError("\n".join(lines + rest or [f"{document.source}: {shown(str(error))}"]))
