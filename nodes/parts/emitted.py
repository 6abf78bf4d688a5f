"""The field `emits`: what a node gives out, side by side in an order of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import field_validator

__all__ = ["Emitted", "in_order"]

Emitted = tuple[str, ...]


def in_order(*names: str) -> Any:
    """Return the validator of a field `emits` that takes some of `names`, or one of them."""

    def ordered(emits: Any) -> Any:
        given = (emits,) if isinstance(emits, str) else emits
        if isinstance(given, Iterable) and (chosen := {*given}) and chosen <= {*names}:
            return tuple(name for name in names if name in chosen)
        raise ValueError(f"should be one or more of {', '.join(names)} (got {emits!r})")

    return field_validator("emits", mode="before")(staticmethod(ordered))
