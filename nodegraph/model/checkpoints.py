"""Checkpoints of learning as files: all slots, where the course stands, and what it learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from os import PathLike
from typing import Any

from nodegraph.data.binding import Fed
from nodegraph.data.series import Series
from nodegraph.engines.keeping import Keeper, Position
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, ModelFileError
from nodegraph.files import tensor_file
from nodegraph.host.paths import own_path
from nodegraph.model import storage
from nodegraph.model.state import Rack

__all__ = ["keeper_of"]

EVERY = 60.0  # seconds between two checkpoints
ROWS = 1 << 14  # looked at together


def keeper_of(
    path: str | PathLike[str] | None,
    resume: bool,
    rack: Rack,
    fed: Fed,
    options: Mapping[str, Any],
) -> Keeper | None:
    """Return who writes checkpoints to `path`; with `resume`, the rack is put to where one stands.

    Parameters
    ----------
    path : path-like, optional
        None: nobody does.
    resume : bool
        Whether to go on from the file, if there is one.
    rack : Rack
        What learns; its slots change.
    fed : Fed
        What it learns from.
    options : dict
        How it learns; a checkpoint of other options, or of other data, is refused.

    Raises
    ------
    ModelFileError
        If the file is no checkpoint, or one of something else.
    """
    if path is None:
        if resume:
            raise DataError("resume=True: say from which file with checkpoint=")
        return None
    path = own_path(path, 'checkpoint="fit.safetensors"')
    tensor_file.check_place(path)
    mark = {"graph": _graph_of(rack), "seed": rack.builder.seed, "data": _digest(fed), **options}
    plain: dict[str, Any] = json.loads(json.dumps(mark, default=str))

    def write(at: Position, slots: Mapping[str, Slot]) -> None:
        extra = {"position": at.plain(), "mark": plain}
        storage.save_checkpoint(path, rack, {**rack.slots, **slots}, extra)

    if resume and path.exists():
        return _resumed(path, rack, plain, write)
    return Keeper(str(path), write, EVERY)


def _resumed(path: Any, rack: Rack, mark: Mapping[str, Any], write: Any) -> Keeper:
    arrays, metadata = tensor_file.read(path)
    try:
        extra = json.loads(metadata["checkpoint"])
        packed = json.loads(metadata["model"])["nodes"]
        at = Position.of(extra["position"])
        there = dict(extra["mark"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: this is no checkpoint of learning ({error!r})") from error
    odd = [key for key in mark if there.get(key) != mark[key]]
    if odd:
        raise ModelFileError(
            f"{path}: the checkpoint is of another course of learning: {', '.join(odd)} differ; "
            "give the same graph, data and options, or another file"
        )

    def restore(slots: dict[str, Slot]) -> None:
        storage.unpack_slots(rack, slots, packed, arrays)

    return Keeper(str(path), write, EVERY, at, restore=restore)


def _graph_of(rack: Rack) -> str:
    text = json.dumps(storage.pack_graph(rack.plan.graph, {}), sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _digest(fed: Fed) -> str:
    """Return what tells data from others: form, lengths, widths, and every number."""
    digest = blake2b(repr((fed.form, fed.data, fed.targets)).encode(), digest_size=16)
    for one in fed.series:
        if isinstance(one, Series):
            digest.update(repr(one.n_steps).encode())
            for rows in (*one.data.values(), *one.targets.values()):
                for start in range(0, len(rows), ROWS):
                    digest.update(rows[start : start + ROWS].tobytes())
    return digest.hexdigest()
