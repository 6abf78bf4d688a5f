"""The header of a model file: what it says about arrays, and every check it must pass."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from reprlib import repr as short
from typing import Any, NamedTuple, NoReturn

import numpy as np

from nodegraph.errors import ModelFileError

__all__ = ["MAX_HEADER", "Header", "TensorInfo", "decode_header", "encode_header", "lay_out"]

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
        raise ModelFileError(
            f"array {short(name)} has dtype {dtype}; a model file holds {', '.join(_DTYPES)} only"
        )
    return portable


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
        _check_name(name)
    for key, value in metadata.items():
        _check_entry(key, value)
        if key.startswith(_OURS):
            raise ModelFileError(f"metadata key {short(key)} is taken: {_OURS}* is the file's own")
    ours = {_FORMAT_KEY: str(_FORMAT), _DATA_KEY: data_sha256}
    entries = dict(sorted({**metadata, **ours}.items()))
    entries[_HEADER_KEY] = _digest(infos, entries)
    content = {"__metadata__": entries} | {name: _entry(info) for name, info in infos.items()}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ModelFileError(
            f"metadata and names take {len(text)} bytes, at most {MAX_HEADER} are allowed; "
            "store large things as arrays"
        )
    return len(text).to_bytes(8, "little") + text


def _entry(info: TensorInfo) -> dict[str, Any]:
    span = [info.start, info.stop]
    return {"dtype": _CODES[info.dtype], "shape": list(info.shape), "data_offsets": span}


def decode_header(text: bytes, body_size: int) -> Header:
    """Return what a header says, once everything it says has been checked.

    Parameters
    ----------
    text : bytes
        The header, without its length.
    body_size : int
        Bytes in the file behind the header.

    Raises
    ------
    ModelFileError
        If anything is wrong: not JSON, a key twice, an unknown format or dtype, arrays that
        overlap, leave gaps, or do not fill the file exactly, or a checksum that differs.
    """
    content = _parse(text)
    metadata = content.pop("__metadata__", {})
    if type(metadata) is not dict:
        raise ModelFileError("damaged header: __metadata__ is not a mapping")
    for key, value in metadata.items():
        _check_entry(key, value)
    _check_format(metadata)
    infos = {name: _decode_info(name, entry) for name, entry in content.items()}
    _check_spans(infos, body_size)
    if metadata.get(_HEADER_KEY) != _digest(infos, metadata):
        raise ModelFileError("altered after it was saved: the checksum of the header differs")
    theirs = {key: value for key, value in metadata.items() if not key.startswith(_OURS)}
    return Header(infos, theirs, metadata.get(_DATA_KEY, ""))


def _parse(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(
            text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant
        )
    except ModelFileError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"damaged header: not JSON ({error})") from None
    if type(content) is not dict:
        raise ModelFileError("damaged header: not a JSON object")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ModelFileError("damaged header: a name is there twice")
    return content


def _refuse_constant(word: str) -> NoReturn:
    raise ModelFileError(f"damaged header: {word} is not a number it may hold")


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


def _decode_info(name: str, entry: Any) -> TensorInfo:
    _check_name(name)
    _require(name, type(entry) is dict and set(entry) == {"dtype", "shape", "data_offsets"})
    code, shape, span = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (type(code) is str and code in _DTYPES):
        raise ModelFileError(
            f"array {short(name)} has dtype {short(code)}; a model file holds "
            f"{', '.join(_DTYPES)} only"
        )
    _require(name, _are_sizes(shape) and len(shape) <= _MAX_DIMENSIONS)
    _require(name, _are_sizes(span) and len(span) == 2)
    widest = math.prod(max(n, 1) for n in shape) * _DTYPES[code].itemsize
    info = TensorInfo(_DTYPES[code], tuple(shape), span[0])
    if widest > _MAX_BYTES or info.stop != span[1]:
        raise ModelFileError(
            f"damaged header: array {short(name)} of shape {short(shape)} and dtype {code} "
            f"cannot take the bytes {short(span)}"
        )
    return info


def _are_sizes(values: Any) -> bool:
    return type(values) is list and all(type(n) is int and 0 <= n <= _MAX_BYTES for n in values)


def _check_spans(infos: Mapping[str, TensorInfo], body_size: int) -> None:
    spans = sorted((info.start, info.stop) for info in infos.values())
    edges = [(0, 0), *spans, (body_size, body_size)]
    for (_, stop), (start, _) in pairwise(edges):
        if start != stop:
            raise ModelFileError(
                f"damaged or cut: {stop} bytes of arrays end where {start} should; "
                "arrays must fill the file without gap, overlap or rest"
            )


def _check_name(name: Any) -> None:
    _check_text(name, "an array's name")
    if name in {"", "__metadata__"}:
        raise ModelFileError(f"an array cannot be named {name!r}; choose another name")


def _check_entry(key: Any, value: Any) -> None:
    _check_text(key, "a metadata key")
    _check_text(value, f"metadata {short(key)}")


def _check_text(text: Any, what: str) -> None:
    if type(text) is not str:
        raise ModelFileError(f"{what} should be text (got {type(text).__name__})")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ModelFileError(f"{what} holds half a character: {short(text)}") from None


def _require(name: str, holds: bool) -> None:
    if not holds:
        raise ModelFileError(f"damaged header: the entry of array {short(name)} is malformed")


def _digest(infos: Mapping[str, TensorInfo], metadata: Mapping[str, str]) -> str:
    """Return the sha256 of all that a header says, in whatever order it says it."""
    said = {key: value for key, value in metadata.items() if key != _HEADER_KEY}
    arrays = {name: _entry(info) for name, info in infos.items()}
    return sha256(json.dumps([arrays, said], sort_keys=True).encode()).hexdigest()
