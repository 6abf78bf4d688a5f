"""What was gathered from parts of the data, as files: each written by whoever has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, NamedTuple

from nodegraph.arrays import Array, pack, unpack
from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file

__all__ = ["PackedSums", "read_sums", "write_sums"]


class PackedSums(NamedTuple):
    """Memories of rules, by node, taken apart into arrays and plain values."""

    nodes: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @classmethod
    def of(cls, sums: Mapping[str, Any], key: str) -> PackedSums:
        """Return sums taken apart; the names of their arrays begin with `key`."""
        arrays: dict[str, Array] = {}
        return cls({n: pack(each, f"{key}/{n}", arrays) for n, each in sums.items()}, arrays)

    def unpacked(self, template: Callable[[str, Any], Any]) -> dict[str, Any]:
        """Return the sums; `template` gives an empty memory of a node, like the one packed."""
        return {n: unpack(each, self.arrays, template(n, each)) for n, each in self.nodes.items()}


def write_sums(path: str | PathLike[str], sums: Mapping[str, Any]) -> None:
    """Write sums to a file, whole or not at all."""
    packed = PackedSums.of(sums, "sums")
    tensor_file.write(path, packed.arrays, {"sums": json.dumps(packed.nodes)})


def read_sums(path: str | PathLike[str]) -> PackedSums:
    """Return what `write_sums` wrote.

    Raises
    ------
    ModelFileError
        If it is torn, altered, or no such file.
    """
    arrays, metadata = tensor_file.read(path)
    try:
        return PackedSums(dict(json.loads(metadata["sums"])), arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: this is no file of sums ({error!r})") from error
