"""The folder of a Ray that was started here: its secret, its sockets and logs; gone at its end."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

from nodegraph.host.machine import is_alive

__all__ = ["OwnFolder"]

PREFIX = "nodegraph-ray-"
LONGEST = 44  # letters of a folder in which the names of Ray's sockets are not too long


class OwnFolder:
    """A folder for the one Ray of this process that nobody else can read.

    Those that killed processes of the same user left behind are removed first.
    """

    def __init__(self) -> None:
        _sweep()
        self.path = Path(tempfile.mkdtemp("", f"{PREFIX}{os.getpid()}-"))
        self.token = self.path / "token"
        with open(self.token, "x", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_hex(32))

    @property
    def sessions(self) -> str | None:
        """Where Ray keeps what it writes; None: where it is told to, or always does."""
        own = str(self.path)
        return None if len(own) > LONGEST or os.environ.get("RAY_TMPDIR") else own

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of processes that are no more."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = re.fullmatch(rf"{PREFIX}(\d+)-.*", path.name)
        if owner and not is_alive(int(owner[1])) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
