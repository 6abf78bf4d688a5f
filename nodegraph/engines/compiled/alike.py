"""Programs that nodes which say the same share: of a model made anew, or of many members."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

__all__ = ["programs_of_alike"]

_KEPT = 64  # those that were looked for last
_TOLD_APART = str | int | float | None  # 1 and 1.0 are equal, 0.0 and -0.0, and not the same


def programs_of_alike(node: Any, arrays: Hashable) -> list[Any]:
    """Return the list of programs of all nodes of a class and fields, for arrays of a kind.

    A step is a function of the fields, and its name is none of them. A node with fields that have
    no hash, such as weights, has a list of its own, and so has one whose class a script or a
    notebook defines: there, globals that a step reads may be others for the next model.
    """
    kind: Any = type(node)
    if kind.__module__ == "__main__":
        return []
    fields = (getattr(node, name) for name in kind.model_fields if name != "name")
    try:
        return _kept(kind, kind.step, tuple(map(_key, fields)), arrays)
    except TypeError:
        return []


@lru_cache(_KEPT)
def _kept(kind: Hashable, step: Any, fields: Hashable, arrays: Hashable) -> list[Any]:
    return []


def _key(value: Any) -> Any:
    """Return what tells a value of a field from all others."""
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    return repr(value) if isinstance(value, _TOLD_APART) else value
