"""Write and read one model file: named arrays and text, in the safetensors format."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np

from nodegraph.errors import ModelFileError
from nodegraph.files.atomic_write import check_replaceable, replace_file
from nodegraph.files.flags import READ
from nodegraph.files.tensor_header import (
    MAX_HEADER,
    Header,
    TensorInfo,
    checked_header,
    encode_header,
    lay_out,
)
from nodegraph.host import memory_budget as budget

__all__ = ["TensorInfo", "check_place", "read", "read_header", "write"]

Path: TypeAlias = str | os.PathLike[str]
Arrays: TypeAlias = dict[str, np.ndarray]
Infos: TypeAlias = dict[str, TensorInfo]

_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".dill")
_HDF5 = (".h5", ".hdf5", ".keras")


def check_place(path: Path) -> None:
    """Refuse a place where `write` could not write a file.

    Raises
    ------
    ModelFileError
    """
    with _about(path):
        _check_suffix(path)
    check_replaceable(path)


def write(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Save arrays and text as one ``.safetensors`` file, whole or not at all.

    The same arrays and text give the same bytes. Checksums of the header and of the arrays are
    kept in the header. Any safetensors reader can read the file.

    Parameters
    ----------
    path : path
        File to write, ending in ``.safetensors``; an existing one is replaced in one move.
    arrays : mapping of str to array
        Numbers (integer, float of 16 to 64 bits) or booleans, of any shape, order and byte order.
    metadata : mapping of str to str
        Text to keep beside the arrays; keys must not start with ``nodegraph.``.

    Raises
    ------
    ModelFileError
        If something cannot be stored or the file cannot be written; an older file stays whole.

    References
    ----------
    The safetensors format: https://github.com/huggingface/safetensors#format

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> write(path, {"W": np.eye(3)}, {"graph": "u >> reservoir"})
    >>> arrays, metadata = read(path)
    >>> float(arrays["W"].sum())
    3.0
    """
    with _about(path):
        _check_suffix(path)
        infos = lay_out(arrays)
        pieces = [
            _bytes_of(np.asarray(arrays[name], infos[name].dtype, order="C")) for name in infos
        ]
        digest = sha256()
        for piece in pieces:
            digest.update(piece)
        head = encode_header(infos, metadata, digest.hexdigest())
    replace_file(path, [memoryview(head), *pieces])


def read_header(path: Path) -> tuple[Infos, dict[str, str]]:
    """Return what a model file says about its arrays, and its text, without reading an array.

    Raises
    ------
    ModelFileError
        If the file cannot be read, is not a model file, or fails a check.
    """
    with _opened(path) as file:
        header = checked_header(file)
    return header.infos, header.metadata


def read(
    path: Path, expect: Callable[[Infos, dict[str, str]], None] | None = None
) -> tuple[Arrays, dict[str, str]]:
    """Return the arrays and the text of a model file, once every check has passed.

    Parameters
    ----------
    path : path
        File written by `write`.
    expect : function of (infos, metadata), optional
        Called when the header has been checked and before any array is read; it raises if this
        is not the file that was wanted, and a `ModelFileError` from it is given the path.

    Returns
    -------
    arrays : dict of str to array
        Bit-equal to what was written, in native byte order, writable.
    metadata : dict of str to str
        As written.

    Raises
    ------
    ModelFileError
        If the file cannot be read, is not a model file, or fails a check.
    BudgetError
        If the arrays would not fit in memory.
    """
    with _opened(path) as file:
        header = checked_header(file)
        if expect is not None:
            expect(dict(header.infos), dict(header.metadata))
        sizes = (budget.part(name, i.shape, i.dtype.name) for name, i in header.infos.items())
        budget.check(dict(sizes), f"{path}: its content")
        return _read_body(file, header), header.metadata


def _check_suffix(path: Path) -> None:
    name = os.fspath(path)
    if not name.lower().endswith(".safetensors"):
        suffix = f"write {os.path.splitext(os.path.basename(name))[0] or 'model'}.safetensors"
        raise ModelFileError(f"models are saved as .safetensors files only; {suffix}")


def _refuse_foreign(path: Path) -> None:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix in _PICKLES:
        raise ModelFileError(
            f"{suffix} files are pickles, and reading a pickle runs whatever code its writer put "
            "there; nodegraph reads .safetensors files written by model.save only"
        )
    if suffix in _HDF5:
        raise ModelFileError(
            f"{suffix} files are not read: a damaged one can crash the process; nodegraph reads "
            ".safetensors files written by model.save only"
        )


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let every error inside say which file it is about."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error.__cause__
    except OSError as error:
        raise ModelFileError(f"{path}: {_explain(error)}") from error


def _explain(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "no such file"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "not allowed to read it"
    return f"could not be read ({error.strerror or error})"


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a model file; every error says which file it is about."""
    from safetensors import SafetensorError, safe_open

    with _about(path):
        _refuse_foreign(path)
        _check_start(path)
        try:  # pread, as whoever cuts a file that is mapped into memory kills its readers
            with safe_open(path, framework="np", backend="pread") as file:
                yield file
        except SafetensorError as error:
            said = ascii(str(error))[1:-1].removeprefix("Error while deserializing header: ")
            raise ModelFileError(f"damaged or cut, or no model file: {said[:200]}") from None


def _check_start(path: Path) -> None:
    """Refuse what is no file, and a header that is too long to be looked into."""
    try:
        number = os.open(path, READ)  # a FIFO must not block us
    except ValueError as error:
        raise ModelFileError(f"not a file name ({error})") from None
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise ModelFileError(f"this is {what}; a model is one .safetensors file")
        length = int.from_bytes(os.read(number, 8), "little")
    finally:
        os.close(number)
    if length > MAX_HEADER:
        raise ModelFileError(
            f"damaged or cut, or no model file: a header of {length} bytes, "
            f"at most {MAX_HEADER} are allowed"
        )


def _read_body(file: Any, header: Header) -> Arrays:
    arrays, digest = {}, sha256()
    for name in header.infos:
        arrays[name] = file.get_tensor(name)
        digest.update(_bytes_of(arrays[name]))
    if digest.hexdigest() != header.data_sha256:
        raise ModelFileError("altered after it was saved: the checksum of the arrays differs")
    for array in arrays.values():
        if array.dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
            raise ModelFileError("damaged: a boolean that is neither 0 nor 1")
    return arrays


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
