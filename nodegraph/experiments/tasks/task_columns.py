"""Where a task's data come from and which of its columns go where, every fault at its key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import to_rows
from nodegraph.data.time_steps import steps_told
from nodegraph.errors import DataError, NodegraphError, warn
from nodegraph.experiments.tasks.examples import Titles, named, picked
from nodegraph.experiments.tasks.series_data import fitted
from nodegraph.files.table_columns import Table, bounds, chosen, listed
from nodegraph.files.table_files import load_table
from nodegraph.files.table_times import check_together
from nodegraph.files.yaml.document import Document, error_at
from nodegraph.files.yaml.sources import DatasetSource, FileSource
from nodegraph.files.yaml.task import (
    ColumnTarget,
    ForecastTarget,
    GenerateTarget,
    Target,
    Task,
    steps_ahead,
)
from nodegraph.graph.plan import Plan

__all__ = ["Choice", "titles_of"]

TEXT = " is text, not a number"
WORDS = (
    "classes of words in a column are those of recordings: write label: (that column) and series: "
    "(the one that names the recording) in data, and no target; a class of every row is learned "
    "in Python, by Ridge(classes=np.unique(labels))"
)


@dataclass
class Choice:
    """What a task names as its data, read from files or data sets, and what of it goes where.

    Parameters
    ----------
    task : Task
    root : path-like
        Folder that files are read from.
    document : Document, optional
        Where the task stands, so that errors can say so.
    load : callable, optional
        ``load(name, **options)`` in place of `nodegraph.data.datasets.load`.
    gaps : bool
        Whether inputs with gaps are taken as well, in place of an error.
    plan : Plan, optional
        Of the graph, which says what inputs may have gaps in rows with targets.
    """

    task: Task
    root: str | os.PathLike[str]
    document: Document | None = None
    load: Callable[..., Any] | None = None
    gaps: bool = False
    plan: Plan | None = None
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
        told = self.plan is not None and self.plan.hears_steps
        with steps_told() if told else nullcontext():
            table = load_table(source.file, root=None if followed else self.root, **source.options)
        self.told.append(table.told)
        self.tell_idle(table, *keys)
        return table

    def tell_idle(self, table: Table, *keys: str) -> None:
        """Warn of words for a missing number that are in no cell."""
        if table.idle:
            words = ", ".join(w if isinstance(w, str) else f"{w:.12g}" for w in table.idle)
            warn(
                f"task.{'.'.join(keys)}.missing: {words} is in no cell, so "
                "nothing is taken for missing by it; write it as it stands in the file, or leave "
                "it out"
            )

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

    def check_gaps(self, x: Any, rows: int, columns: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse a gap that no node fills in the first `rows`, by row and column of the data."""
        used = None if self.gaps else picked(x, slice(rows))
        parts = used if isinstance(used, Mapping) else {} if used is None else {None: used}
        with self.at("data"):
            for node, part in parts.items():
                filled = self.is_filled(node)
                if filled and isinstance(self.task.target, GenerateTarget) and np.isnan(part).any():
                    row = int(np.isnan(part).any(axis=1).argmax())
                    raise DataError(
                        f"input: NaN in row {row}; a task that generates needs all rows"
                    )
                to_rows(named(part, columns, node or ""), "input", gaps=filled)

    def is_filled(self, node: str | None) -> bool:
        """Return whether all who hear of `node`, or of any input, fill gaps in it."""
        if self.plan is None:
            return False
        return self.plan.gappy.issuperset(self.plan.inputs if node is None else [node])

    def inputs(self, table: Table, taken: Sequence[int] = ()) -> Any:
        """Return the columns that go in, by node where the task says so; None for no input."""
        wanted = self.task.input
        with self.at("input"):
            if wanted is None:
                rest = [i for i in range(table.values.shape[1]) if i not in taken]
                if not rest:
                    self._refuse_no_input(table)
                return table.values[:, rest] if rest else None
            if isinstance(wanted, Mapping):
                return {node: _columns(table, columns) for node, columns in wanted.items()}
            return _columns(table, wanted) if wanted else None

    def _refuse_no_input(self, table: Table) -> None:
        """Refuse data of which no column is left for an input that wants some."""
        nodes, reads = (self.plan.nodes, self.plan.reads) if self.plan else ({}, {})
        waits = [n for n, node in nodes.items() if node.external and not reads[n].get("x")]
        if waits:
            columns = listed(table.names or range(table.values.shape[1]))
            raise DataError(
                f"nothing is left for {waits[0]}, for what is a target is no input; to foretell it "
                f"from its own past (ahead: 1 in the target) write input: [{columns}]"
            )

    def called(self, table: Table, taken: Sequence[int] = ()) -> dict[str, tuple[str, ...]]:
        """Return what the columns that go in are called, by node; nothing if they have no names."""
        if table.names is None:
            return {}
        wanted = self.task.input
        if wanted is None:
            return {"": tuple(name for i, name in enumerate(table.names) if i not in taken)}
        each = wanted if isinstance(wanted, Mapping) else {"": wanted}
        with self.at("input"):
            return {
                n: titles_of(table, c).names or () for n, c in each.items() if c not in ((), [])
            }

    def taken(self, table: Table) -> list[int]:
        """Return the columns that are targets at the same step and so do not go in."""
        targets = [self.task.target, *(self.task.targets or {}).values()]
        width = table.values.shape[1]
        with self.at("target"):
            return [
                i
                for target in targets
                if isinstance(target, ColumnTarget)
                for i in self.found(target.column, table, width)
            ]

    def targets(self, table: Table, given: Array | None) -> tuple[Any, int, dict[str, Titles]]:
        """Return the targets, how many of the last rows have none, and what they are called."""
        each = self.task.targets
        if each is None:
            with self.at("target"):
                y, ahead, titles = self._target(table, self.task.target, given, "target")
                return y, ahead, {"": titles}
        found = {}
        for node, target in each.items():
            with self.at("targets", node):
                found[node] = self._target(table, target, given, "targets", node)
        ys = {node: y for node, (y, _, _) in found.items()}
        called = {node: each for node, (_, _, each) in found.items()}
        return ys, max(ahead for _, ahead, _ in found.values()), called

    def _target(
        self, table: Table, target: Target | None, given: Array | None, *place: str
    ) -> tuple[Array, int, Titles]:
        if (ahead := steps_ahead(target)) >= len(table.values):
            raise DataError(f"{ahead} steps ahead leave nothing of {len(table.values)} rows")
        if isinstance(target, ForecastTarget | ColumnTarget):
            wanted = target.columns if isinstance(target, ForecastTarget) else target.column
            return _columns(table, wanted)[ahead:], ahead, titles_of(table, wanted, ahead)
        titles = titles_of(table, None, ahead)._replace(names=None)
        if isinstance(target, FileSource):
            other = self.table(target, *place)
            given, times = other.values, table.times or other.times
            titles = Titles(other.names, None if times is None else times[ahead:])
        if given is None:
            raise DataError("is required: this dataset is one series; write {forecast: 1}")
        if isinstance(target, FileSource) and table.lengths is None and other.lengths is not None:
            raise DataError(
                f"{target.file}: {len(other.lengths)} series for data that are one; say series: in "
                "data, or leave it out here"
            )
        if table.lengths is not None and isinstance(target, FileSource):
            given = fitted(other, table, target.file)
        if len(given) != len(table.values):
            raise DataError(f"{len(given)} rows of targets for {len(table.values)} of data")
        if isinstance(target, FileSource):
            self._compare(table, other, target.file)
        return given[ahead:], ahead, titles

    def _compare(self, table: Table, other: Table, where: str) -> None:
        """Look at whether rows of targets go together in time with those of the data."""
        ours, theirs = table.times, other.times
        if ours is None or theirs is None or len(ours) != len(theirs):
            return
        if apart := check_together(ours, theirs, bounds(table.lengths or [len(ours)]), where):
            self.told.append(f"{apart} than those of the data in the same place")

    def tell_own_past(self, table: Table, taken: Sequence[int]) -> None:
        """Say which columns are foretold without their own past, as no input was named."""
        each = [self.task.target, *(self.task.targets or {}).values()]
        if not taken or self.task.input is not None or not any(map(steps_ahead, each)):
            return
        names: Sequence[Any] = table.names or range(table.values.shape[1])
        foretold = [names[i] for i in sorted({*taken})]
        self.told.append(
            f"{listed(foretold)} {'is a target' if len(foretold) == 1 else 'are targets'} and no "
            f"input; to foretell from its own past as well, write input: [{listed(names)}]"
        )

    def split(self, n_rows: int, most: int, *, series: bool = False) -> tuple[int, int]:
        """Return where what is learned from ends, and what is scored, at `most`; rows or series."""
        split, what = self.task.split, "series" if series else "rows"
        train = 2 * n_rows // 3 if split.train is None else split.train
        end = most if split.test is None else train + split.test
        with self.at("split"):
            if train > n_rows or end > most:
                raise DataError(
                    f"train {train} + test {split.test or 0} {what}, but only "
                    f"{most if end > most else n_rows} have a target"
                )
            if split.warmup >= train and not series:
                raise DataError(f"warmup {split.warmup} leaves nothing of {train} rows to learn")
        return train, end

    @property
    def known(self) -> tuple[Any, ...]:
        """Return the classes that the readout names, if there is one that does."""
        nodes = () if self.plan is None else self.plan.nodes.values()
        named = {tuple(known): None for node in nodes if (known := getattr(node, "classes", None))}
        if len(named) > 1:
            raise DataError("nodes name different classes; a task has one label for each series")
        return next(iter(named), ())


def _is_text(error: DataError, name: str) -> bool:
    """Return whether `error` says of the column `name` that it holds words."""
    return f"column {name}: " in str(error) and TEXT in str(error)


def titles_of(table: Table, columns: Any = None, ahead: int = 0) -> Titles:
    """Return what some columns, and the rows from `ahead` on, are called."""
    names, times = table.names, table.times
    if names is not None:
        names = tuple(names[i] for i in chosen(columns, names, len(names), "data"))
    return Titles(names, None if times is None else times[ahead:])


def _columns(table: Table, columns: Any) -> Array:
    return table.values[:, chosen(columns, table.names, table.values.shape[1], "data")]
