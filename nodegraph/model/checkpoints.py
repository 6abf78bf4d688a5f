"""Checkpoints of learning as files: all slots, where the course stands, and what it learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from logging import getLogger
from os import PathLike
from typing import Any

from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines.checkpointer import Checkpointer, Cursor
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, ModelFileError, OtherCourseError
from nodegraph.files import tensor_file
from nodegraph.host.paths import own_path
from nodegraph.model import storage
from nodegraph.model.state import ModelState

__all__ = ["checkpointer_of"]

log = getLogger("nodegraph.learning")
EVERY = 10.0  # seconds between two checkpoints, at least
ROWS = 1 << 14  # looked at together


def checkpointer_of(
    path: str | PathLike[str] | None,
    resume: bool,
    state: ModelState,
    bound: BoundData,
    options: Mapping[str, Any],
) -> Checkpointer | None:
    """Return who writes checkpoints to `path`; with `resume`, the state is put to where one stands.

    Parameters
    ----------
    path : path-like, optional
        None: nobody does.
    resume : bool
        Whether to go on from the file, if there is one.
    state : ModelState
        What learns; its slots change.
    bound : BoundData
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
    mark = {
        "graph": _graph_of(state),
        "seed": state.initializer.seed,
        "data": _digest(bound),
        **options,
    }
    plain: dict[str, Any] = json.loads(json.dumps(mark, default=str))

    def write(at: Cursor, slots: Mapping[str, Slot]) -> None:
        extra = {"position": at.plain(), "mark": plain}
        storage.save_checkpoint(path, state, {**state.slots, **slots}, extra)

    if resume and path.exists():
        return _resumed(path, state, plain, write)
    return Checkpointer(str(path), write, EVERY)


def _resumed(path: Any, state: ModelState, mark: Mapping[str, Any], write: Any) -> Checkpointer:
    arrays, metadata = tensor_file.read(path)
    try:
        extra = json.loads(metadata["checkpoint"])
        packed = json.loads(metadata["model"])["nodes"]
        at = Cursor.of(extra["position"])
        there = dict(extra["mark"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: this is no checkpoint of learning ({error!r})") from error
    odd = [key for key in mark if there.get(key) != mark[key]]
    if odd:
        raise OtherCourseError(
            f"{path}: the checkpoint is of another course of learning: {', '.join(odd)} differ; "
            "give the same graph, data and options, or another file"
        )

    log.info("learning goes on %s, as kept in %s", at.words, path)

    def restore(slots: dict[str, Slot]) -> None:
        storage.unpack_slots(state, slots, packed, arrays)

    return Checkpointer(str(path), write, EVERY, at, restore=restore)


def _graph_of(state: ModelState) -> str:
    text = json.dumps(storage.pack_graph(state.plan.graph, {}), sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _digest(bound: BoundData) -> str:
    """Return what tells data from others: form, lengths, widths, and every number."""
    digest = blake2b(repr((bound.form, bound.data, bound.targets)).encode(), digest_size=16)
    for one in bound.series:
        if isinstance(one, Series):
            digest.update(repr(one.n_steps).encode())
            for rows in (*one.data.values(), *one.targets.values()):
                for start in range(0, len(rows), ROWS):
                    digest.update(rows[start : start + ROWS].tobytes())
    return digest.hexdigest()
