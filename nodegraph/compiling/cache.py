"""Machine code and recipes on disk: a private folder of the user, a checked file for each."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from functools import cache
from hashlib import blake2b
from pathlib import Path

from nodegraph.errors import NodegraphWarning, warn

__all__ = ["CacheWarning", "folder", "read", "write"]

LIMIT = 256 * 2**20  # bytes on disk, where each file takes whole blocks
_BLOCK = 4096
_COUNTED = "counted"  # a file that is touched when all are
_HOUR, _DAY = 3600.0, 86_400.0  # seconds; after a day a file that is read is marked as used again
_SEAL = 16  # bytes in front of the code
_WRITTEN: dict[Path, int] = {}  # bytes that this process wrote since it last counted a folder


class CacheWarning(NodegraphWarning):
    """The folder for machine code is not safe to load from; nothing is kept on disk."""


def folder() -> Path | None:
    """Return where machine code is kept, or None where nothing is.

    ``$NODEGRAPH_CACHE`` if it is set, nothing if it is empty; otherwise ``nodegraph`` in the
    folder that the system has for caches.
    """
    said = os.environ.get("NODEGRAPH_CACHE")
    if said is not None:
        return Path(said).expanduser().absolute() if said else None
    try:
        return _of_the_system() / "nodegraph"
    except RuntimeError:  # nobody's home
        return None


def _of_the_system() -> Path:
    name = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    said = Path(os.environ.get(name, ""))
    if said.is_absolute():
        return said
    if sys.platform == "win32":
        return Path.home() / "AppData" / "Local"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def read(key: str, ending: str = ".o") -> bytes | None:
    """Return what is kept under `key`; None if there is nothing that can be trusted."""
    where = _trusted()
    if where is None:
        return None
    try:
        with open(where / f"{key}{ending}", "rb") as file:
            seen = os.fstat(file.fileno())
            if _is_open_to_others(seen):
                return None
            kept = file.read()
        if time.time() - seen.st_mtime > _DAY:
            os.utime(where / f"{key}{ending}")  # least recently used goes first
    except OSError:
        return None
    code = kept[_SEAL:]
    return code if kept[:_SEAL] == _seal(key, code) else None


def write(key: str, code: bytes, ending: str = ".o") -> None:
    """Keep `code` under `key`, where that can be done; other processes see all of it or nothing."""
    where = _trusted()
    if where is None:
        return
    try:
        handle, draft = tempfile.mkstemp(".part", dir=where)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(key, code) + code)
            os.replace(draft, where / f"{key}{ending}")
        except OSError:
            os.unlink(draft)
            raise
        _bound(where, _on_disk(len(code) + _SEAL))
    except OSError:
        pass  # read only, full, or in use: the code is compiled again by the next process


def _seal(key: str, code: bytes) -> bytes:
    """Return what tells a file that is torn, altered or meant for another key."""
    return blake2b(key.encode() + b"\n" + code, digest_size=_SEAL).digest()


def _trusted() -> Path | None:
    """Return the folder if it is there, or can be made, and nobody else may write in it."""
    where = folder()
    if where is None:
        return None
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        seen = where.stat()
    except OSError as error:
        _tell(f"{where} cannot be used ({error.strerror or error}), so")
        return None
    if not _is_open_to_others(seen):
        return where
    _tell(f"others may write to {where} (chmod go-w {where}), so no code is loaded from it and")
    return None


def _is_open_to_others(seen: os.stat_result) -> bool:
    """Tell whether somebody else owns a file or may write to it; Windows keeps that elsewhere."""
    if not hasattr(os, "geteuid"):
        return False
    return seen.st_uid != os.geteuid() or bool(seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


@cache
def _tell(why: str) -> None:
    warn(
        f"{why} each process compiles anew; set NODEGRAPH_CACHE to a folder of your own",
        CacheWarning,
    )


def _bound(where: Path, added: int) -> None:
    """Drop what was not used for longest, a quarter and more, if the folder is beyond its bound.

    To count many files takes a second: it is done once an hour by a process that writes, and by one
    that wrote a sixteenth of the bound.
    """
    _WRITTEN[where] = _WRITTEN.get(where, 0) + added
    if _WRITTEN[where] < LIMIT // 16 and _was_counted(where):
        return
    _WRITTEN[where] = 0
    (where / _COUNTED).touch()
    torn = [path for used, _, path in _files(where, ".part") if time.time() - used > _DAY]
    kept = sorted(_files(where, ".o", ".json"))
    size = sum(size for _, size, _ in kept)
    most = size if size <= LIMIT else LIMIT * 3 // 4
    for _, one, path in kept:
        if size <= most:
            break
        torn.append(path)
        size -= one
    for path in torn:
        path.unlink(missing_ok=True)  # another process may drop the same ones


def _was_counted(where: Path) -> bool:
    """Tell whether some process has counted the files of late."""
    try:
        return time.time() - (where / _COUNTED).stat().st_mtime < _HOUR
    except OSError:
        return False


def _files(where: Path, *endings: str) -> list[tuple[float, int, Path]]:
    """Return when each file was last used, its bytes on disk and its path."""
    with os.scandir(where) as entries:
        seen = [(entry.stat(), Path(entry)) for entry in entries if entry.name.endswith(endings)]
    return [(s.st_mtime, _on_disk(s.st_size), path) for s, path in seen]


def _on_disk(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
