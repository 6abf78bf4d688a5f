"""Checkpoints of learning as files: all slots, where the course stands, and what it learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from logging import getLogger
from os import PathLike
from pathlib import Path
from typing import Any

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series
from nodegraph.engines.checkpointer import Checkpointer, Cursor, sums_folder, sweep
from nodegraph.engines.merge_tree import Bough
from nodegraph.engines.slot import Slot
from nodegraph.errors import DataError, ModelFileError, OtherCourseError
from nodegraph.files import tensor_file
from nodegraph.graph.messages.phrases import shown
from nodegraph.host.paths import own_path
from nodegraph.model import storage
from nodegraph.model.curves import Recorder
from nodegraph.model.state import ModelState
from nodegraph.model.sums_file import PackedSums

__all__ = ["checkpointer_of", "move_checkpoint", "remove_checkpoint"]

log = getLogger("nodegraph.learning")
EVERY = 10.0  # seconds between two checkpoints, at least
ROWS = 1 << 14  # looked at together


def checkpointer_of(
    path: str | PathLike[str] | None,
    resume: bool,
    state: ModelState,
    bound: BoundData,
    options: Mapping[str, Any],
    history: Recorder | None = None,
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
    history : Recorder, optional
        Who takes learning curves: they go on from those that were kept.

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

    def write(at: Cursor, slots: Mapping[str, Slot], boughs: Sequence[Bough]) -> None:
        told, arrays = _packed_boughs(boughs)
        curves, points = ({}, {}) if history is None else history.kept()
        extra = {"position": at.plain(), "mark": plain, "boughs": told, "curves": curves}
        ours, texts = storage.as_it_stands(state, {**state.slots, **slots}, [], True)
        texts["checkpoint"] = json.dumps(extra, default=storage.plain)
        tensor_file.write(path, ours | arrays | points, texts)
        sweep(path, {one.value.name for one in boughs if isinstance(one.value, Path)})

    if resume and path.exists():
        return _resumed(path, state, plain, write, history)
    return Checkpointer(str(path), write, EVERY)


def remove_checkpoint(path: Path) -> None:
    """Remove a checkpoint that is no longer wanted, and what lies beside it."""
    path.unlink(missing_ok=True)
    sweep(path, set())


def move_checkpoint(path: Path, to: Path) -> Path:
    """Give a checkpoint another name, and what lies beside it; return the new one."""
    remove_checkpoint(to)
    if (beside := sums_folder(path)).is_dir():
        beside.replace(sums_folder(to))
    return path.replace(to)


def _resumed(
    path: Any, state: ModelState, mark: Mapping[str, Any], write: Any, history: Recorder | None
) -> Checkpointer:
    arrays, metadata = tensor_file.read(path)
    if "checkpoint" not in metadata:
        raise ModelFileError(
            f"{path}: this is no checkpoint of learning, as checkpoint= writes it; name that one, "
            "or leave resume out"
        )
    try:
        extra = json.loads(metadata["checkpoint"])
        packed = json.loads(metadata["model"])["nodes"]
        at = Cursor.of(extra["position"])
        there = dict(extra["mark"])
        boughs = [_unpacked_bough(path, one, arrays) for one in extra["boughs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: this is no checkpoint of learning ({error!r})") from error
    odd = [key for key in mark if there.get(key) != mark[key]]
    if odd:
        raise OtherCourseError(
            f"{path}: the checkpoint is of another course of learning: "
            f"{', '.join(_difference(key, there.get(key), mark[key]) for key in odd)}; give the "
            "same again to go on from it, or name another file to begin anew"
        )

    if history is not None:
        history.go_on(extra.get("curves", {}), arrays)
    log.info("learning goes on %s, as kept in %s", at.words, path)

    def restore(slots: dict[str, Slot]) -> None:
        for name, slot in slots.items():
            slots[name] = storage.unpack_slot(state, name, slot, packed[name], arrays)

    return Checkpointer(str(path), write, EVERY, at, restore=restore, begun=boughs)


def _difference(key: str, before: Any, now: Any) -> str:
    """Return in what two courses of learning differ; graphs and data are too large to be shown."""
    if key in ("graph", "data"):
        return f"{key} differ" + "s" * (key == "graph")
    return f"{key} was {shown(before)} and is {shown(now)}"


def _packed_boughs(boughs: Sequence[Bough]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Return what was gathered as plain values and arrays; what is in files stays there."""
    told, arrays = [], dict[str, Array]()
    for one in boughs:
        plain = {"first": one.first, "stop": one.stop, "level": one.level, "groups": one.groups}
        if isinstance(one.value, Path):
            told.append({**plain, "file": one.value.name})
            continue
        packed = PackedSums.of(one.value, f"gathered/{one.first}")
        told.append({**plain, "nodes": packed.nodes})
        arrays |= packed.arrays
    return told, arrays


def _unpacked_bough(path: Path, told: Mapping[str, Any], arrays: Mapping[str, Array]) -> Bough:
    kept: Any = PackedSums(told["nodes"], arrays) if "nodes" in told else None
    if kept is None:
        kept = sums_folder(path) / Path(str(told["file"])).name
    first, stop, level, groups = (int(told[n]) for n in ("first", "stop", "level", "groups"))
    return Bough(first, stop, level, kept, groups)


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
