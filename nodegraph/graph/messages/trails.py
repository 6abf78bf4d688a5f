"""Where in a value pydantic found a fault, without the names it gives to branches of unions."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

__all__ = ["Loc", "Trail", "follow"]

Loc = tuple[str | int, ...]


_LABEL = re.compile(r"[\[(]|^(constrained-)?(str|int|float|bool|none|bytes)$")


class Trail(NamedTuple):
    """Where a fault is, and the names of the fields known there."""

    loc: Loc
    fields: tuple[str, ...]


def follow(model: type[BaseModel] | None, loc: Loc, is_key: bool) -> Trail:
    """Return `loc` without the labels of union branches, and the fields known where it ends."""
    if model is None:
        return Trail(loc, ())
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
    return Trail((*path, loc[-1]) if is_key else path, fields)


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
