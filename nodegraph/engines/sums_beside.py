"""The folder beside a checkpoint with sums that workers wrote themselves."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

__all__ = ["sums_file", "sums_folder", "sweep"]

_OURS = re.compile(r"[0-9a-f]{8}-\d+-\d+\.safetensors")


def sums_folder(checkpoint: Path) -> Path:
    """Return the folder that belongs to a checkpoint."""
    return checkpoint.with_suffix(".sums")


def sums_file(course: str, first: int, stop: int) -> str:
    """Return the name of the file with what some leaves gave; a course has eight letters."""
    return f"{course}-{first}-{stop}.safetensors"


def sweep(checkpoint: Path, named: Collection[str]) -> None:
    """Remove the files that a checkpoint does not name, and the folder if nothing is in it."""
    folder = sums_folder(checkpoint)
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in named:
            file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
