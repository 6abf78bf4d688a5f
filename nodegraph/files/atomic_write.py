"""Replace a file whole: after a crash the old content is there or the new, never a mixture."""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from nodegraph.errors import ModelFileError
from nodegraph.files.flags import CREATE
from nodegraph.host.machine import is_alive

__all__ = ["check_replaceable", "replace_file"]

_SLICE = 16 * 2**20  # bytes in one write, so that Ctrl-C is heard during a long save
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_HELD = {5, 32}  # Windows does not rename over a file that is open
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_CANNOT_SYNC_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EISDIR}
_unfinished: set[str] = set()  # temporary files this process is writing now


def replace_file(path: str | os.PathLike[str], pieces: Sequence[memoryview]) -> None:
    """Write `pieces` one after another as the whole new content of `path`.

    A temporary file beside `path` is written, synced to disk and renamed over `path`; then the
    folder is synced. Whatever fails, and whenever the process is killed, `path` holds the whole
    old content or the whole new one. Temporary files that killed writers of the same file left
    behind are removed. Of two writers at the same time the last one wins, whole. A symbolic link
    is followed, and the permissions of an existing file are kept.

    Parameters
    ----------
    path : path
        File to replace or create; its folder must exist.
    pieces : sequence of memoryview
        The content, each piece one-dimensional and of bytes.

    Raises
    ------
    ModelFileError
        If the file cannot be written: no room (with the bytes needed), no such folder, no
        permission, not a regular file.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.bin")
    >>> replace_file(path, [memoryview(b"old ones")])
    >>> replace_file(path, [memoryview(b"ne"), memoryview(b"w")])
    >>> os.path.getsize(path)
    3
    """
    size = sum(piece.nbytes for piece in pieces)
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_to_keep(target)
        _remove_left_behind(target)
        _write_and_rename(target, pieces, mode)
    except (OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise ModelFileError(f"{path}: {error}") from error.__cause__
        raise ModelFileError(f"{path}: {_explain(error, size)}") from error


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Refuse a path at which `replace_file` would fail, before there is anything to write.

    Raises
    ------
    ModelFileError
    """
    try:
        target = Path(os.path.realpath(path))
        _mode_to_keep(target)
        folder = os.stat(target.parent)
        if not stat.S_ISDIR(folder.st_mode) or not os.access(target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise ModelFileError(f"{path}: {error}") from error.__cause__
        raise ModelFileError(f"{path}: {_explain(error, 0)}") from error


def _mode_to_keep(target: Path) -> int | None:
    """Return the permission bits of an existing `target`, None for a new one."""
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise ModelFileError("not a regular file, so it cannot be replaced; choose another name")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(found.st_mode)


def _write_and_rename(target: Path, pieces: Iterable[memoryview], mode: int | None) -> None:
    temporary = target.with_name(f"{_prefix(target)}{os.getpid()}.{secrets.token_hex(4)}.tmp")
    _unfinished.add(temporary.name)
    try:
        _write_synced(temporary, pieces, mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        _unfinished.discard(temporary.name)
    _sync_folder(target.parent)


def _write_synced(temporary: Path, pieces: Iterable[memoryview], mode: int | None) -> None:
    file = os.open(temporary, CREATE, 0o666 if mode is None else mode)
    try:
        if mode is not None and hasattr(os, "fchmod"):
            with suppress(OSError):  # some network folders know no permissions
                os.fchmod(file, mode)
        for piece in pieces:
            _write_all(file, piece)
        os.fsync(file)
    finally:
        os.close(file)


def _write_all(file: int, piece: memoryview) -> None:
    done = 0
    while done < piece.nbytes:
        written = os.write(file, piece[done : done + _SLICE])
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done += written


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power failure, where folders can be opened."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows
        return
    try:
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise ModelFileError(
                f"the new file is in place, but its folder could not be synced ({error.strerror}): "
                "a power failure now might bring the old file back; save again"
            ) from error


def _prefix(target: Path) -> str:
    """Return how the temporary files for `target` from this machine begin."""
    return f".{target.name[:40]}.{socket.gethostname()[:40]}."


def _remove_left_behind(target: Path) -> None:
    pattern = re.compile(re.escape(_prefix(target)) + r"([0-9]{1,9})\.[0-9a-f]{8}\.tmp")
    with suppress(OSError):
        for name in os.listdir(target.parent):
            found = pattern.fullmatch(name)
            if found and name not in _unfinished and not _is_another(int(found[1])):
                os.unlink(target.parent / name)


def _is_another(pid: int) -> bool:
    return pid != os.getpid() and is_alive(pid)


def _explain(error: OSError | ValueError, size: int) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code in _NO_ROOM:
        return (
            f"no room for the {size} bytes needed ({os.strerror(code or 0)}); free some or save "
            "elsewhere; what was saved before is intact"
        )
    if code == errno.ENOENT:
        return "the folder does not exist; make it first"
    if getattr(error, "winerror", None) in _HELD:
        return (
            "another program has the file open, or may write here and you may not; close it there, "
            "or save under another name; what was saved before is intact"
        )
    if code in _FORBIDDEN:
        return "not allowed to write here; choose a folder or a file that you may write"
    if code == errno.EISDIR:
        return "this is a folder; add a file name, such as model.safetensors"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"could not be written ({reason}); what was saved before is intact"
