"""Paths as users give them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from nodegraph.errors import ArgumentError

__all__ = ["own_path"]


def own_path(path: Any, call: str) -> Path:
    """Return a path that was given in place of that in `call`, with ``~`` as the home folder.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if not isinstance(path, str | PathLike):
        raise ArgumentError(f"expected a path, got {type(path).__name__}; write {call}")
    return Path(path).expanduser()
