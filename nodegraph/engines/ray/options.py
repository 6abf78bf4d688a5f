"""What options of a Ray engine may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from nodegraph.errors import FieldError

__all__ = ["PLACED", "STALE", "check_options"]

STALE = 4  # chunks that inputs may be old where nodes run freely
PLACED = {
    "placement", "workers", "num_cpus", "num_gpus", "resources", "nodes", "chunk", "window", "sync"
}  # fmt: skip

_AT_LEAST_1 = PositiveInt | None, "a whole number of at least 1"
_AT_LEAST_0 = NonNegativeInt, "a whole number of at least 0"
_OPTIONS: dict[str, tuple[Any, str]] = {
    "address": (str | None, "'auto' or the address of a cluster, a text"),
    "placement": (Literal["block", "node"], "'block' or 'node'"),
    "workers": _AT_LEAST_1,
    "chunk": _AT_LEAST_1,
    "window": _AT_LEAST_1,
    "sync": (bool, "True or False"),
    "stale": _AT_LEAST_0,
    "snapshot": (NonNegativeFloat, "seconds, at least 0"),
    "restarts": _AT_LEAST_0,
    "timeout": (PositiveFloat, "seconds, above 0"),
    "object_store": (PositiveInt, "bytes, above 0"),
    "runtime_env": (dict[str, Any] | None, "a dict, as ray.init takes it"),
    "wait": (NonNegativeFloat, "seconds, at least 0"),
    "log": (str | None, "the name of a file, a text"),
}


def check_options(given: Mapping[str, Any]) -> None:
    """Refuse options of another kind.

    Raises
    ------
    FieldError
    """
    for name, (kind, wanted) in _OPTIONS.items():
        try:
            TypeAdapter(kind).validate_python(given[name], strict=True)
        except ValidationError:
            raise FieldError(f"{name}: expected {wanted}, got {given[name]!r}") from None
    if given["sync"] and given["stale"] != STALE:
        raise FieldError("stale: is for sync=False; write that, or leave it out")
