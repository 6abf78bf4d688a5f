"""Which part of what a task learns from its search scores trials on; nothing else is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from nodegraph.errors import SpecError
from nodegraph.experiments.tasks.examples import TaskData
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.experiments.tasks.validation import words
from nodegraph.files.yaml.document import error_at
from nodegraph.files.yaml.spec import Spec
from nodegraph.files.yaml.task import GenerateTarget, Split, Task, steps_ahead

__all__ = ["Held", "hold_back"]

SHARE = 4  # one in so many of the rows or series to learn from is held back


@dataclass(frozen=True)
class Held:
    """What is held back, and the changes of the file that do so.

    Parameters
    ----------
    words : str
        What trials are scored on, in words.
    changes : tuple of str
    data : str
        What differs where any number that is learned from does.
    """

    words: str
    changes: tuple[str, ...]
    data: str = ""


def hold_back(spec: Spec) -> Held:
    """Return the last quarter of the rows to learn from, or a quarter of the series by class.

    Targets of trials end where the rows to learn from do, so that not even a forecast from the
    last of them is looked at. A task that says ``validate`` is scored on closed loops within the
    training rows, so that nothing is held back.

    Raises
    ------
    SpecError
        If there is no task, or a quarter is too little.
    """
    task = spec.header.task
    if task is None:
        raise error_at(spec.document, (), "there is no task: to search on; write data and split")
    data = Preparation(
        task, root=spec.data or spec.folder, document=spec.document, gaps=True
    ).data()
    found = blake2b(digest_size=16)
    _add(found, (data.train, None if data.labels is None else data.labels[0]))
    return replace(_of(spec, task, data), data=found.hexdigest())


def _add(found: Any, part: Any) -> None:
    """Add arrays, and what holds them, to a digest."""
    if isinstance(part, Mapping):
        part = tuple(part.items())
    if isinstance(part, list | tuple):
        found.update(f"{len(part)} parts".encode())
        for each in part:
            _add(found, each)
        return
    rows = np.ascontiguousarray(part)
    found.update(f"{rows.dtype.str} {rows.shape}".encode())
    found.update(rows if rows.dtype.kind in "fiub" else repr(rows.tolist()).encode())


def _of(spec: Spec, task: Task, data: TaskData) -> Held:
    if task.validation is not None:
        return Held(words(task.validation), ())
    if data.labels is not None:
        held = max(1, len(data.labels[0]) // SHARE)
        said = f"{held} training series held back"
        found = _held(said, task.split, len(data.labels[0]) - held, held)
        own = getattr(task.data, "test", None) is not None
        return replace(found, changes=(*found.changes, *["task.data.test=null"] * own))
    rows = _rows(data.train.y)
    if data.train.has_series:
        held = max(1, rows // SHARE)
        if rows - held < 1:
            raise error_at(spec.document, ("task", "split"), "one series cannot be held back")
        return _held(f"{held} training series held back", task.split, rows - held, held)
    if isinstance(task.target, GenerateTarget):
        return _windows(spec, task.target, task.split, rows)
    ahead = _ahead(task)
    held = max(rows // SHARE, ahead + 1)
    if rows - held <= task.split.warmup:
        raise error_at(
            spec.document, ("task", "split"), f"{rows} rows are too few to hold {held} back"
        )
    said = f"{held - ahead} training rows held back"
    return _held(said, task.split, rows - held, held - ahead)


def _held(words: str, split: Split, train: int, test: int | None) -> Held:
    given = {"train": train, "test": test, "warmup": split.warmup or None}
    parts = [f"{key}: {value}" for key, value in given.items() if value is not None]
    return Held(words, (f"task.split={{{', '.join(parts)}}}",))


def _windows(spec: Spec, target: GenerateTarget, split: Split, rows: int) -> Held:
    """Return rows in which all windows fit that are to be generated."""
    needed = target.prompt + target.generate + target.windows
    held = max(rows // SHARE, needed)
    if rows - held < rows // 2:
        raise SpecError(
            f"{spec.document.source}: search: windows of prompt {target.prompt} + generate "
            f"{target.generate} need {needed} of the {rows} rows to learn from; make them shorter "
            "with --set task.target.generate=..., or learn from more rows"
        )
    said = f"{target.windows} window{'s' * (target.windows > 1)} in {held} training rows held back"
    return _held(said, split, rows - held, held if target.windows > 1 else None)


def _ahead(task: Task) -> int:
    return max(map(steps_ahead, [task.target, *(task.targets or {}).values()]))


def _rows(y: Any) -> int:
    return len(next(iter(y.values()))) if isinstance(y, Mapping) else len(y)
