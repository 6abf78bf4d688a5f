"""Files and folders that one process at a time may write to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodegraph.errors import DataError

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["held"]

_TAKEN = {errno.EAGAIN, errno.EACCES}


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
