"""Files named in YAML: opened only below one folder, never through a link, never a device."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from nodegraph.errors import DataError
from nodegraph.files.flags import READ
from nodegraph.graph.messages.phrases import shown

__all__ = ["list_folder", "open_below", "open_named"]

LARGEST_FILE = 2**30

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def open_below(root: str | os.PathLike[str], name: str) -> Iterator[BinaryIO]:
    """Open the regular file `name` in the folder `root`, for reading bytes.

    Each folder on the way is opened from the one before it, so that nothing that is swapped in
    meanwhile leads elsewhere.

    Parameters
    ----------
    root : path-like
        Folder that `name` may not lead out of.
    name : str
        Relative path, parts joined by ``/``.

    Raises
    ------
    DataError
        If `name` leads out of `root`, goes through a link, is not there, is no regular file, or
        is larger than 1 GiB.
    """
    parts = _parts(name)
    try:
        descriptor = _open(Path(root), parts)
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: {_reason(Path(root), parts, error)}") from None
    with _checked(descriptor, name) as file:
        yield file


@contextmanager
def open_named(name: str) -> Iterator[BinaryIO]:
    """Open the regular file at `name`, wherever that is: the user's own word is followed.

    Parameters
    ----------
    name : str
        Path, absolute or from the current folder on; ``~`` is the home folder.

    Raises
    ------
    DataError
        If it is not there, is no regular file, or is larger than 1 GiB.
    """
    path = Path(os.path.expanduser(name))
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        raise DataError(f"{name}: is not there; looked in {Path.cwd()}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{shown(name)}: cannot be opened: {_words(error)}") from None
    with _checked(descriptor, name) as file:
        yield file


def list_folder(root: str | os.PathLike[str] | None, name: str) -> tuple[list[str], list[str]]:
    """Return the folders and the files in the folder `name`, sorted; hidden ones left out.

    Parameters
    ----------
    root : path-like or None
        Folder that `name` may not lead out of; None follows `name` wherever it leads.
    name : str

    Raises
    ------
    DataError
        If it is not there, is no folder, or leads out of `root` or through a link.
    """
    if root is None:
        path = Path(os.path.expanduser(name))
    else:
        parts = _parts(name)
        path = Path(root).joinpath(*parts)
        if path.resolve() != Path(root).resolve().joinpath(*parts):
            raise DataError(f"{name}: goes through a link, which is not followed")
    try:
        with os.scandir(path) as entries:
            seen = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith("."))
    except NotADirectoryError:
        raise DataError(f"{name}: is a file, not a folder; write file: for a table") from None
    except FileNotFoundError:
        raise DataError(f"{name}: is not there; looked in {root or Path.cwd()}") from None
    except OSError as error:
        raise DataError(f"{name}: cannot be opened: {_words(error)}") from None
    return [each for each, inner in seen if inner], [each for each, inner in seen if not inner]


def _parts(name: str) -> tuple[str, ...]:
    if not name or not name.isprintable() or len(name) > 1000:
        raise DataError(f"{shown(name)}: is no name of a file")
    if "://" in name:
        raise DataError(f"{name}: is an address; download the file and name it here")
    path = PurePosixPath(name.replace("\\", "/"))
    absolute = path.is_absolute() or PureWindowsPath(name).drive or name.startswith("~")
    if absolute or ".." in path.parts or not path.parts:
        raise DataError(
            f"{name}: leads out of the folder; name a file in it or below, or say where "
            "the data are: nodegraph run --data DIR, or --set task.data.file=PATH"
        )
    return path.parts


def _open(root: Path, parts: tuple[str, ...]) -> int:
    if os.open not in os.supports_dir_fd:
        return _open_resolved(root, parts)
    here = os.open(root, os.O_RDONLY)
    try:
        for folder in parts[:-1]:
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(parts[-1], READ | _NO_LINK, dir_fd=here)
    finally:
        os.close(here)


def _open_resolved(root: Path, parts: tuple[str, ...]) -> int:
    path = root.joinpath(*parts)
    if path.resolve() != root.resolve().joinpath(*parts):
        raise OSError("goes through a link")
    return os.open(path, READ)


def _reason(root: Path, parts: tuple[str, ...], error: Exception) -> str:
    steps = [root.joinpath(*parts[: i + 1]) for i in range(len(parts))]
    if any(os.path.islink(step) for step in steps):
        return f"goes through a link, which is not followed; copy it into {root}"
    if isinstance(error, FileNotFoundError):
        return f"is not there; looked in {root}"
    return f"cannot be opened: {_words(error)}"


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def _checked(descriptor: int, name: str) -> Iterator[BinaryIO]:
    """Open what a descriptor is of, if it is a regular file that is not too large."""
    try:
        _check(name, os.fstat(descriptor))
    except DataError:
        os.close(descriptor)
        raise
    with open(descriptor, "rb") as file:
        yield file


def _check(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{name}: is not a regular file")
    if status.st_size > LARGEST_FILE:
        raise DataError(f"{name}: {status.st_size} bytes; at most {LARGEST_FILE} are read")
