"""Paths as users give them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from nodegraph.errors import ArgumentError, DataError

__all__ = ["own_path", "refuse_file"]


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


def refuse_file(folder: Path, said: str) -> None:
    """Refuse a folder in whose place, or in that of one around it, there is a file.

    Raises
    ------
    DataError
        That begins with what was `said`.
    """
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise DataError(f"{said}: {path} is a file; name a folder, or a new one")
