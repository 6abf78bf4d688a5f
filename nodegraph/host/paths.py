"""Paths as users give them: checked, and held by one process at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodegraph.errors import ArgumentError, DataError

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["held", "own_path", "refuse_file"]

_TAKEN = {errno.EAGAIN, errno.EACCES}


def own_path(path: Any, call: str) -> Path:
    """Return a path that was given in place of that in `call`, with ``~`` as the home folder.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if not isinstance(path, str | os.PathLike):
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


@contextmanager
def held(path: Path, said: str) -> Iterator[None]:
    """Hold a file or folder that is there; another process that asks for it is refused meanwhile.

    It is free again when this ends, or the process does, killed or not. On Windows, and on disks
    without such locks, nothing is held and nobody refused.

    Raises
    ------
    DataError
        With what is `said`, if another process holds it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with held(folder, "in use"):
    ...     with held(folder, "in use"):
    ...         pass
    Traceback (most recent call last):
        ...
    nodegraph.errors.DataError: in use
    """
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                raise DataError(said) from None
        yield
    finally:
        os.close(handle)
