"""What pydantic found wrong, said in sentences: what was expected, what came, what to write."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from nodegraph.graph.messages.phrases import (
    KEY_ERRORS,
    NEAR_MISSES,
    SILENT,
    demand,
    nearest,
    shown,
    suggestion,
)

__all__ = ["Complaint", "Loc", "complaints", "describe", "follow", "nearest", "place"]

Loc = tuple[str | int, ...]


_LABEL = re.compile(r"[\[(]|^(constrained-)?(str|int|float|bool|none|bytes)$")


class _Trail(NamedTuple):
    """Where a fault is, and the names of the fields known there."""

    loc: Loc
    fields: tuple[str, ...]


def follow(model: type[BaseModel] | None, loc: Loc, is_key: bool) -> _Trail:
    """Return `loc` without the labels of union branches, and the fields known where it ends."""
    if model is None:
        return _Trail(loc, ())
    kinds: list[Any] = [model]
    path, fields = loc[:0], _fields(kinds)
    for part in loc[: len(loc) - is_key]:
        inner = [kind for each in kinds for kind in _inside(each, part)]
        is_label = len(kinds) > 1 and isinstance(part, str) and _LABEL.search(part)
        if is_label or (not inner and isinstance(part, str)):
            kinds = [k for k in kinds if getattr(k, "__name__", "") == part] or kinds
            fields = _fields(kinds) or fields
            continue
        path, kinds = (*path, part), inner
        fields = _fields(kinds) or fields
    return _Trail((*path, loc[-1]) if is_key else path, fields)


def _fields(kinds: Sequence[Any]) -> tuple[str, ...]:
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return tuple(dict.fromkeys(_alias(m, name) for m in models for name in m.model_fields))


def _alias(model: type[BaseModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    """Yield the types that a value at `part` of a `kind` may have."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if part in (name, _alias(kind, name)):
                yield from _branches(field.annotation)
        return
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(part, str):
        yield from _branches(args[1])
    elif isinstance(origin, type) and issubclass(origin, Collection) and isinstance(part, int):
        for arg in args:
            yield from _branches(arg)


def _branches(annotation: Any) -> Iterator[Any]:
    """Yield the arms of unions in `annotation`, without their metadata."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _branches(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for arm in typing.get_args(annotation):
            yield from _branches(arm)
    else:
        yield annotation


class Complaint(NamedTuple):
    """One thing that is wrong: where, and the sentence that says it.

    Parameters
    ----------
    loc : tuple of str or int
        Path of the value from the top, as in ``("nodes", "reservoir", "units")``.
    message : str
        What is wrong with it.
    on_key : bool
        Whether it is the key at `loc` that is wrong, not its value.
    """

    loc: Loc
    message: str
    on_key: bool = False


def describe(
    error: ValidationError,
    subject: str,
    foreign: Mapping[str, str] = types.MappingProxyType({}),
    model: type[BaseModel] | None = None,
) -> str:
    """Return one line for each thing wrong in `error`.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic raised.
    subject : str
        What each line begins with, such as the name of the class.
    foreign : mapping of str to str
        Names of fields in other libraries, and the right ones.
    model : type of BaseModel, optional
        The class that was validated; its fields are what an unknown one is compared with.

    Examples
    --------
    >>> from pydantic import BaseModel, Field
    >>> class Reservoir(BaseModel, extra="forbid"):
    ...     leak_rate: float = Field(1.0, le=1)
    >>> try:
    ...     Reservoir(leak_rate=2, lr=1)
    ... except ValidationError as error:
    ...     print(describe(error, "Reservoir", {"lr": "leak_rate"}, Reservoir))
    Reservoir.leak_rate: should be at most 1 (got 2)
    Reservoir: unknown field 'lr'; write leak_rate
    """
    return "\n".join(_line(subject, found) for found in complaints(error, foreign, model))


def _line(subject: str, found: Complaint) -> str:
    where = place(found.loc[:-1] if found.on_key else found.loc)
    joint = "" if not where or where.startswith("[") else "."
    return f"{subject}{joint}{where}: {found.message}"


def complaints(
    error: ValidationError,
    foreign: Mapping[str, str] = types.MappingProxyType({}),
    model: type[BaseModel] | None = None,
) -> list[Complaint]:
    """Return what is wrong in `error`, the branches of a union told as one."""
    grouped: dict[Loc, list[Mapping[str, Any]]] = {}
    trails: dict[Loc, _Trail] = {}
    for item in error.errors(include_url=False):
        trail = follow(model, item["loc"], is_key=item["type"] in KEY_ERRORS)
        grouped.setdefault(trail.loc, []).append(item)
        trails[trail.loc] = trail
    inner = {loc for loc in grouped if not _has_deeper(loc, grouped)}
    return [
        _complaint(items, trails[loc], foreign) for loc, items in grouped.items() if loc in inner
    ]


def _has_deeper(loc: Loc, others: Collection[Loc]) -> bool:
    """Whether a fault inside `loc` is known too: the branch of a union that came nearest."""
    return bool(loc) and any(len(o) > len(loc) and o[: len(loc)] == loc for o in others)


def _complaint(
    items: Sequence[Mapping[str, Any]], trail: _Trail, foreign: Mapping[str, str]
) -> Complaint:
    kind = items[0]["type"]
    if kind in KEY_ERRORS:
        return Complaint(trail.loc, _unknown(str(trail.loc[-1]), trail.fields, foreign), True)
    items = [item for item in items if item["type"] in NEAR_MISSES] or items
    demands = list(dict.fromkeys(demand(item) for item in items))
    if any(item["type"] in SILENT for item in items):
        return Complaint(trail.loc, demands[0])
    got = shown(items[0].get("ctx", {}).get("tag", items[0].get("input")))
    return Complaint(trail.loc, f"{_either(demands)} (got {got}){suggestion(items[0])}")


def _either(demands: Sequence[str]) -> str:
    """Join ``should be a`` and ``should be b`` to ``should be a or b``."""
    first, *others = demands
    return " or ".join([first, *(other.removeprefix("should be ") for other in others)])


def _unknown(name: str, fields: Collection[str], foreign: Mapping[str, str]) -> str:
    said = f"unknown field {shown(name)}"
    if name in foreign:
        return f"{said}; write {foreign[name]}"
    if name in fields:  # of another kind of the same section
        return f"{said} of this kind; leave it out"
    if guess := nearest(name, fields):
        return f"{said}; did you mean {guess}?"
    return f"{said}; known are {', '.join(sorted(fields))}" if fields else said


def place(loc: Loc) -> str:
    """Return `loc` as one writes it in ``--set``: ``nodes.reservoir.ridge[2]``."""
    words = (f"[{part}]" if isinstance(part, int) else f".{_plain(part)}" for part in loc)
    return "".join(words).removeprefix(".")


def _plain(word: str) -> str:
    return word if word.isprintable() and len(word) <= 80 else shown(word)
