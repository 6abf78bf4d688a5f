"""The header of a model file: what it says about arrays, and what makes it one of ours."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from reprlib import repr as short
from typing import Any, NamedTuple

import numpy as np

from nodegraph.errors import ModelFileError

__all__ = ["MAX_HEADER", "Header", "TensorInfo", "checked_header", "encode_header", "lay_out"]

MAX_HEADER = 8 * 2**20
_FORMAT = 1
_OURS = "nodegraph."
_FORMAT_KEY = _OURS + "format"
_HEADER_KEY = _OURS + "header_sha256"
_DATA_KEY = _OURS + "data_sha256"
_MAX_DIMENSIONS = 64
_MAX_BYTES = 2**62
_DTYPES = {f"{k.upper()}{8 * n}": np.dtype(f"<{k}{n}") for k in "iu" for n in (1, 2, 4, 8)}
_DTYPES |= {f"F{8 * n}": np.dtype(f"<f{n}") for n in (2, 4, 8)} | {"BOOL": np.dtype("bool")}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


class TensorInfo(NamedTuple):
    """What a model file says about one array, before the array is read.

    Parameters
    ----------
    dtype : numpy.dtype
        Kind of the numbers, little-endian.
    shape : tuple of int
        Shape.
    start : int
        First byte, counted from the end of the header.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int

    @property
    def nbytes(self) -> int:
        """Bytes the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def stop(self) -> int:
        """First byte behind the array."""
        return self.start + self.nbytes


class Header(NamedTuple):
    """A header that passed every check."""

    infos: dict[str, TensorInfo]
    metadata: dict[str, str]
    data_sha256: str


def lay_out(arrays: Mapping[str, np.ndarray]) -> dict[str, TensorInfo]:
    """Return where each array goes: wide numbers first, so that all are aligned, then by name.

    Raises
    ------
    ModelFileError
        If an array has a dtype that a model file cannot hold.

    Examples
    --------
    >>> lay_out({"a": np.zeros(3, bool), "b": np.zeros(2)})["a"].start
    16
    """
    infos, start = {}, 0
    dtypes = {name: _portable_dtype(name, array) for name, array in arrays.items()}
    for name in sorted(arrays, key=lambda name: (-dtypes[name].itemsize, name)):
        infos[name] = TensorInfo(dtypes[name], np.shape(arrays[name]), start)
        start = infos[name].stop
    return infos


def _portable_dtype(name: str, array: np.ndarray) -> np.dtype[Any]:
    dtype = array.dtype
    portable = None if dtype.hasobject else np.dtype(dtype.str.replace(">", "<"))
    if portable not in _CODES:
        raise _unknown_dtype(name, dtype)
    return portable


def _unknown_dtype(name: str, dtype: object) -> ModelFileError:
    return ModelFileError(
        f"array {short(name)} has dtype {dtype}; a model file holds {', '.join(_DTYPES)} only"
    )


def encode_header(
    infos: Mapping[str, TensorInfo], metadata: Mapping[str, str], data_sha256: str
) -> bytes:
    """Return the first bytes of a model file: the header's length and the header.

    Raises
    ------
    ModelFileError
        If a name or a metadata entry cannot be stored, or the header is longer than can be read.
    """
    for name in infos:
        if name in {"", "__metadata__"}:
            raise ModelFileError(f"an array cannot be named {name!r}; choose another name")
    for key, value in metadata.items():
        if type(value) is not str:
            raise ModelFileError(
                f"metadata {short(key)} should be text (got {type(value).__name__})"
            )
        if key.startswith(_OURS):
            raise ModelFileError(f"metadata key {short(key)} is taken: {_OURS}* is the file's own")
    ours = {_FORMAT_KEY: str(_FORMAT), _DATA_KEY: data_sha256}
    entries = dict(sorted({**metadata, **ours}.items()))
    entries[_HEADER_KEY] = _digest(infos, entries)
    content = {"__metadata__": entries} | {name: _entry(info) for name, info in infos.items()}
    text = _encoded(content)
    if len(text) > MAX_HEADER:
        raise ModelFileError(
            f"metadata and names take {len(text)} bytes, at most {MAX_HEADER} are allowed; "
            "store large things as arrays"
        )
    return len(text).to_bytes(8, "little") + text


def _encoded(content: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        half = short(error.object[error.start : error.end])
        raise ModelFileError(f"a name or a text holds half a character: {half}") from None
    return text + b" " * (-len(text) % 8)


def _entry(info: TensorInfo) -> dict[str, Any]:
    span = [info.start, info.stop]
    return {"dtype": _CODES[info.dtype], "shape": list(info.shape), "data_offsets": span}


def checked_header(file: Any) -> Header:
    """Return what the header of an open file says, once it proves to be as it was written.

    Parameters
    ----------
    file : safetensors.safe_open
        The file, which safetensors found to hold arrays without gap, overlap or rest.

    Raises
    ------
    ModelFileError
        If its format or a dtype is unknown, numpy knows no such shape, or its checksum differs.
    """
    metadata = file.metadata() or {}
    _check_format(metadata)
    infos, start = {}, 0
    for name in file.offset_keys():
        infos[name] = _info(name, file.get_slice(name), start)
        start = infos[name].stop
    if metadata.get(_HEADER_KEY) != _digest(infos, metadata):
        raise ModelFileError("altered after it was saved: the checksum of the header differs")
    theirs = {key: value for key, value in metadata.items() if not key.startswith(_OURS)}
    return Header(infos, theirs, metadata.get(_DATA_KEY, ""))


def _check_format(metadata: Mapping[str, str]) -> None:
    found = metadata.get(_FORMAT_KEY)
    if found is None:
        raise ModelFileError(
            "not a model saved by nodegraph: a safetensors file without nodegraph's format number"
        )
    if not (found.isascii() and found.isdigit() and len(found) <= 9 and int(found) > 0):
        raise ModelFileError(f"damaged header: format {short(found)} is not a positive number")
    if int(found) > _FORMAT:
        raise ModelFileError(
            f"saved in format {int(found)} by a newer nodegraph; this one reads formats up to "
            f"{_FORMAT}: update nodegraph"
        )


def _info(name: str, array: Any, start: int) -> TensorInfo:
    shape, dtype = tuple(array.get_shape()), _DTYPES.get(array.get_dtype())
    if dtype is None:
        raise _unknown_dtype(name, array.get_dtype())
    widest = math.prod(max(n, 1) for n in shape) * dtype.itemsize
    if len(shape) > _MAX_DIMENSIONS or widest > _MAX_BYTES:
        raise ModelFileError(f"damaged header: array {short(name)} has shape {short(shape)}")
    return TensorInfo(dtype, shape, start)


def _digest(infos: Mapping[str, TensorInfo], metadata: Mapping[str, str]) -> str:
    """Return the sha256 of all that a header says, in whatever order it says it."""
    said = {key: value for key, value in metadata.items() if key != _HEADER_KEY}
    arrays = {name: _entry(info) for name, info in infos.items()}
    return sha256(json.dumps([arrays, said], sort_keys=True).encode()).hexdigest()
