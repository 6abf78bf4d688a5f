"""Programs that nodes which say the same share: of a model made anew, or of many members."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from nodegraph.arrays import is_sparse
from nodegraph.compiling.layout import is_array

__all__ = ["is_ours", "programs_of_alike"]

_KEPT = 64  # those that were looked for last
_OURS = "nodegraph", "nodes"
_TOLD_APART = str | int | float | None  # 1 and 1.0 are equal, 0.0 and -0.0, and not the same


def programs_of_alike(node: Any, arrays: Hashable) -> list[Any]:
    """Return the list of programs of all nodes of a class and fields, for arrays of a kind.

    A step is a function of the fields, and its name is none of them. A node with fields that have
    no hash, such as weights, has a list of its own, and so has one whose class, or that of what it
    holds, is not of this library: globals that its step reads may be others for the next model.
    """
    kind: Any = type(node)
    try:
        fields = tuple(_key(getattr(node, name)) for name in kind.model_fields if name != "name")
        return _kept(_own(kind), kind.step, fields, arrays)
    except TypeError:
        return []


def is_ours(value: Any) -> bool:
    """Tell whether a node or rule, and all that it holds, is of this library."""
    if isinstance(value, tuple):
        return all(map(is_ours, value))
    if isinstance(value, _TOLD_APART) or is_array(value) or is_sparse(value):
        return True
    kind: Any = type(value)
    return _is_own(kind) and all(is_ours(getattr(value, name)) for name in kind.model_fields)


@lru_cache(_KEPT)
def _kept(kind: Hashable, step: Any, fields: Hashable, arrays: Hashable) -> list[Any]:
    return []


def _key(value: Any) -> Hashable:
    """Return what tells a value of a field from all others."""
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    if isinstance(value, _TOLD_APART):
        return repr(value)
    kind: Any = _own(type(value))
    return kind, *(_key(getattr(value, name)) for name in kind.model_fields)


def _is_own(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in _OURS and hasattr(kind, "model_fields")


def _own(kind: type) -> type:
    if not _is_own(kind):
        raise TypeError(f"{kind.__name__} is no node or rule of the library")
    return kind
