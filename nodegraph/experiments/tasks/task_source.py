"""Where the data of a task come from: a file or a data set, with every fault at its key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError, NodegraphError, warn
from nodegraph.experiments.tasks.recordings import Recordings, from_folder, from_table
from nodegraph.files.table_columns import Table, chosen
from nodegraph.files.table_files import load_table
from nodegraph.files.yaml.document import Document, error_at
from nodegraph.files.yaml.sources import DatasetSource, FileSource, LabelledFile, LabelledFolder
from nodegraph.files.yaml.task import ColumnTarget, Task

__all__ = ["Source", "table_and_target"]

TEXT = " is text, not a number"
WORDS = (
    "classes of words in a column are those of recordings: write label: (that column) and series: "
    "(the one that names the recording) in data, and no target; a class of every row is learned "
    "in Python, by Ridge(classes=np.unique(labels))"
)


@dataclass
class Source:
    """What a task names as its data, read from a folder or from the data sets.

    Parameters
    ----------
    task : Task
    root : path-like
        Folder that files are read from.
    document : Document, optional
        Where the task stands, so that errors can say so.
    load : callable, optional
        ``load(name, **options)`` in place of `nodegraph.data.datasets.load`.
    """

    task: Task
    root: str | os.PathLike[str]
    document: Document | None = None
    load: Callable[..., Any] | None = None
    told: list[str] = field(default_factory=list, init=False)  # what readers say of their files

    @contextmanager
    def at(self, *keys: str) -> Iterator[None]:
        """Say of what goes wrong in here that it belongs to this key of the task."""
        try:
            yield
        except NodegraphError as error:
            if self.document is None:
                raise DataError(f"task.{'.'.join(keys)}: {error}") from error
            raise error_at(self.document, ("task", *keys), str(error)) from error

    def table(self, source: FileSource, *keys: str) -> Table:
        """Return the table in a file; a path that the user gave may lead out of the folder."""
        place = ("task", *keys, "file")
        followed = self.document is not None and self.document.is_users(place)
        table = load_table(source.file, root=None if followed else self.root, **source.options)
        self.told.append(table.told)
        self._tell_idle(table, *keys)
        return table

    def _tell_idle(self, table: Table, *keys: str) -> None:
        """Warn of words for a missing number that are in no cell."""
        if table.idle:
            words = ", ".join(w if isinstance(w, str) else f"{w:.12g}" for w in table.idle)
            warn(
                f"task.{'.'.join(keys)}.missing: {words} is in no cell, so "
                "nothing is taken for missing by it; write it as it stands in the file, or leave "
                "it out"
            )

    def recordings(self, source: LabelledFile | LabelledFolder, *, test: bool) -> Recordings:
        """Return the recordings to learn from, or those of `test`."""
        word = "folder" if isinstance(source, LabelledFolder) else "file"
        key = "test" if test else word
        where: str = getattr(source, key)
        followed = self.document is not None and self.document.is_users(("task", "data", key))
        root = None if followed else self.root
        if isinstance(source, LabelledFolder):

            def read(file: str) -> Table:
                return load_table(file, root=root, **source.options)

            found = from_folder(where, root, read)
        else:
            kept = (source.series, source.label)
            table = load_table(where, root=root, kept=kept, **source.options)
            found = from_table(table, where)
            if not test:
                self._tell_idle(table, "data")
        self.told.append(found.told)
        return found

    def read(self, data: DatasetSource | FileSource) -> Any:
        """Return a table, or what the data set gives."""
        if isinstance(data, FileSource):
            try:
                return self.table(data, "data")
            except DataError as error:
                if not any(_is_text(error, name) for name in self.wanted()):
                    raise
                raise DataError(f"{str(error).partition(TEXT)[0]}{TEXT}; {WORDS}") from error
        if self.load is not None:
            return self.load(data.dataset, **data.options)
        from nodegraph.data.datasets import load

        if "name" in data.options:
            raise DataError("unknown option 'name'; the dataset is named by dataset:")
        return load(data.dataset, **data.options)

    def wanted(self) -> list[str]:
        """Return the columns, by name, that are targets at the same step."""
        targets = [self.task.target, *(self.task.targets or {}).values()]
        columns = [t.column for t in targets if isinstance(t, ColumnTarget)]
        lists = [[each] if isinstance(each, str | int) else each for each in columns]
        return [name for names in lists for name in names if isinstance(name, str)]

    def found(self, columns: Any, table: Table, width: int) -> list[int]:
        """Return the numbers of columns that are targets, or say why they are not there."""
        try:
            return chosen(columns, table.names, width, "data")
        except DataError as error:
            raise DataError(self._left_out() or str(error)) from error

    def _left_out(self) -> str:
        """Return what to write for a target column that `columns` of the data leaves out."""
        data = self.task.data
        if not isinstance(data, FileSource) or not data.options.get("columns"):
            return ""
        names = self.wanted()
        try:
            self.table(data.model_copy(update={"columns": tuple(names)}), "data")
        except DataError as error:
            text = any(_is_text(error, name) for name in names)
            return f"{str(error).partition(TEXT)[0]}{TEXT}; {WORDS}" if text else ""
        return f"columns: of the data leaves {', '.join(names)} out; add it there"


def _is_text(error: DataError, name: str) -> bool:
    """Return whether `error` says of the column `name` that it holds words."""
    return f"column {name}: " in str(error) and TEXT in str(error)


def table_and_target(source: Any) -> tuple[Table, Array | None]:
    """Return what was read as one table, with the targets that a data set may have."""
    if isinstance(source, Table):
        return source, None
    if isinstance(source, tuple):
        lengths = _lengths(source[0])
        x, y = (_two_axes(part if lengths is None else np.vstack([*part])) for part in source)
        return Table(x, lengths=lengths), y
    return Table(_two_axes(source)), None


def _lengths(series: Any) -> tuple[int, ...] | None:
    """Return how long independent series are; None of one series."""
    apart = isinstance(series, list) or np.ndim(series) == 3
    return tuple(len(rows) for rows in series) if apart else None


def _two_axes(array: Any) -> Array:
    values = np.asarray(array, dtype=float)
    return values[:, None] if values.ndim == 1 else values
