"""How files are opened, on any system: as bytes, and without waiting for who writes a pipe."""

import os

__all__ = ["CREATE", "READ"]

_BYTES = getattr(os, "O_BINARY", 0)  # else Windows writes a line end as two bytes
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BYTES
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BYTES
