"""Numpy's .npy and .npz files, checked before anything is read; never a pickle."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any, BinaryIO

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.files.safe_files import LARGEST_FILE
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["read_each", "read_npy", "read_npz"]

MOST_AXES = 8
LARGEST_HEADER = 10_000
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
UNEQUAL = "; for series of unequal length write np.savez(file, *list_of_arrays) and series: arrays"
DENSEST = 200  # times that an archive may unfold by, where it is large


def read_npy(file: BinaryIO, name: str) -> Array:
    """Return the array of numbers in a .npy file.

    Raises
    ------
    DataError
        If the header is wrong, speaks of objects or text, or does not fit the file's size.
    """
    n_bytes = file.seek(0, 2)
    file.seek(0)
    return _read_array(file, n_bytes, name)


def _read_array(stream: IO[bytes], n_bytes: int, name: str) -> Array:
    shape, fortran, dtype, n_header = _header(stream, name)
    size = math.prod(shape) * dtype.itemsize
    if size != n_bytes - n_header:
        raise DataError(
            f"{name}: an array of shape {shape} takes {size} bytes, there are {n_bytes - n_header}"
        )
    data = stream.read(size)
    if len(data) != size:
        raise DataError(f"{name}: ends after {len(data)} of {size} bytes")
    flat = np.frombuffer(data, dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    counting = _Counting(stream)
    try:
        version = np.lib.format.read_magic(counting)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read(counting, max_header_size=LARGEST_HEADER)
    except Exception as error:  # the header is evaluated as a literal, which fails in many ways
        raise DataError(f"{name}: is no array file: {shown(str(error))}") from None
    if dtype.kind not in "biuf":
        raise DataError(f"{name}: holds {dtype.name}, not numbers{UNEQUAL * dtype.hasobject}")
    if len(shape) > MOST_AXES or any(not 0 <= n <= LARGEST_FILE for n in shape):
        raise DataError(f"{name}: shape {shown(shape)} cannot be")
    return shape, fortran, dtype, counting.count


class _Counting:
    """A stream that counts what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.count = stream, 0

    def read(self, size: int = 0, /) -> bytes:
        """Return the next `size` bytes."""
        data = self.stream.read(min(size, 2 * LARGEST_HEADER))
        self.count += len(data)
        return data


def read_npz(file: BinaryIO, name: str, key: str | None) -> Array:
    """Return the array called `key` of a .npz file; without a key, the only one.

    Raises
    ------
    DataError
        If there is no such array, the archive unfolds to too much, or as `read_npy`.
    """
    (array,) = _read(file, name, lambda archive: [_member(archive, name, key)]).values()
    return array


def read_each(file: BinaryIO, name: str) -> dict[str, Array]:
    """Return all arrays of a .npz file by name, in their order there.

    Raises
    ------
    DataError
        If there is none, or as `read_npz`.
    """

    def all_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
        infos = [_sound(info, name, key) for key, info in _members(archive).items()]
        if not infos:
            raise DataError(f"{name}: holds no arrays")
        if (total := sum(info.file_size for info in infos)) > LARGEST_FILE:
            raise DataError(f"{name}: unfolds to {total} bytes; too many")
        return infos

    return _read(file, name, all_of)


def _read(
    file: BinaryIO, name: str, wanted: Callable[[zipfile.ZipFile], list[zipfile.ZipInfo]]
) -> dict[str, Array]:
    """Return some of the arrays of an archive."""
    found = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for info in wanted(archive):
                called = info.filename[:-4]
                with archive.open(info) as stream:
                    found[called] = _read_array(stream, info.file_size, f"{name}[{called}]")
        return found
    except DataError:
        raise
    except _BROKEN as error:
        raise DataError(f"{name}: is no .npz file: {shown(str(error))}") from None


def _member(archive: zipfile.ZipFile, name: str, key: str | None) -> zipfile.ZipInfo:
    infos = _members(archive)
    if key is None and len(infos) == 1:
        (key,) = infos
    if key is None or key not in infos:
        raise DataError(f"{name}: {_no_key(key, list(infos))}")
    return _sound(infos[key], name, key)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {i.filename[:-4]: i for i in archive.infolist() if i.filename.endswith(".npy")}


def _sound(info: zipfile.ZipInfo, name: str, key: str) -> zipfile.ZipInfo:
    """Return a member that may be unfolded."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise DataError(f"{name}: {shown(key)} is packed in a way that is not read")
    unfolds = info.file_size > DENSEST * info.compress_size and info.file_size > 2**24
    if info.file_size > LARGEST_FILE or unfolds:
        raise DataError(f"{name}: {shown(key)} unfolds to {info.file_size} bytes; too many")
    return info


def _no_key(key: str | None, known: list[str]) -> str:
    listed = ", ".join(shown(name) for name in known[:10]) or "none"
    listed += ", ..." * (len(known) > 10)
    if key is None:
        several = f"holds several arrays; write key: with one of {listed}"
        return several + ", or series: arrays where each is a series" * (len(known) > 1)
    guess = nearest(key, known)
    return f"no array {shown(key)}; " + (f"did you mean {guess}?" if guess else f"it has {listed}")
