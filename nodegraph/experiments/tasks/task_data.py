"""A task's data as arrays: what to learn from, what to score, what to generate."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.class_data import Classes
from nodegraph.experiments.tasks.examples import (
    Examples,
    TaskData,
    Titles,
    named,
    picked,
    windows,
)
from nodegraph.experiments.tasks.recordings import to_classes
from nodegraph.experiments.tasks.task_source import Source, table_and_target
from nodegraph.files.table_columns import Table, chosen
from nodegraph.files.yaml.document import Document
from nodegraph.files.yaml.sources import DatasetSource, FileSource, LabelledFile, LabelledFolder
from nodegraph.files.yaml.task import (
    ColumnTarget,
    ForecastTarget,
    GenerateTarget,
    Target,
    Task,
    steps_ahead,
)
from nodegraph.graph.plan import Plan

__all__ = ["prepare"]


def prepare(
    task: Task,
    *,
    root: str | os.PathLike[str],
    document: Document | None = None,
    load: Callable[..., Any] | None = None,
    gaps: bool = False,
    plan: Plan | None = None,
) -> TaskData:
    """Return the arrays of `task`.

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
        Whether inputs with gaps are returned as well, in place of an error.
    plan : Plan, optional
        Of the graph, which says what inputs may have gaps in rows with targets.

    Raises
    ------
    DataError
        If a file, dataset or column cannot be read, or there are fewer rows than asked for; a
        `SpecError` if there is a document to point into.
    """
    return _Preparation(task, root, document, load, gaps, plan).data()


class _Preparation(Source):
    """Turns one task into arrays, saying of each fault which key of the task it belongs to."""

    def __init__(
        self,
        task: Task,
        root: str | os.PathLike[str],
        document: Document | None,
        load: Callable[..., Any] | None,
        gaps: bool,
        plan: Plan | None,
    ) -> None:
        super().__init__(task, root, document, load)
        self.gaps, self.plan = gaps, plan

    def data(self) -> TaskData:
        """Return the arrays."""
        data = self.task.data
        if isinstance(data, LabelledFile | LabelledFolder):
            found = self._recorded(data)
        else:
            found = self._data(data)
        return replace(found, told=tuple(self.told))

    def _data(self, data: DatasetSource | FileSource) -> TaskData:
        with self.at("data"):
            source = self.read(data)
        if isinstance(source, tuple) and not isinstance(source, Table) and len(source) == 4:
            return self._classes(Classes.of(*source))
        table, given = table_and_target(source)
        if given is not None and (self.task.target is not None or self.task.targets is not None):
            with self.at("target" if self.task.targets is None else "targets"):
                raise DataError("this dataset has targets of its own; leave it out")
        if isinstance(self.task.target, GenerateTarget):
            return self._generation(table, self.task.target)
        return self._aligned(table, given)

    def _check_gaps(self, x: Any, rows: int, columns: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse a gap that no node fills in the first `rows`, by row and column of the data."""
        used = None if self.gaps else picked(x, slice(rows))
        parts = used if isinstance(used, Mapping) else {} if used is None else {None: used}
        with self.at("data"):
            for node, part in parts.items():
                filled = self._is_filled(node)
                if filled and isinstance(self.task.target, GenerateTarget) and np.isnan(part).any():
                    row = int(np.isnan(part).any(axis=1).argmax())
                    raise DataError(
                        f"input: NaN in row {row}; a task that generates needs all rows"
                    )
                to_rows(named(part, columns, node or ""), "input", gaps=filled)

    def _is_filled(self, node: str | None) -> bool:
        """Return whether all who hear of `node`, or of any input, fill gaps in it."""
        if self.plan is None:
            return False
        return self.plan.gappy.issuperset(self.plan.inputs if node is None else [node])

    def _inputs(self, table: Table, taken: Sequence[int] = ()) -> Any:
        """Return the columns that go in, by node where the task says so; None for no input."""
        wanted = self.task.input
        with self.at("input"):
            if wanted is None:
                rest = [i for i in range(table.values.shape[1]) if i not in taken]
                return table.values[:, rest] if rest else None
            if isinstance(wanted, Mapping):
                return {node: _columns(table, columns) for node, columns in wanted.items()}
            return _columns(table, wanted) if wanted else None

    def _called(self, table: Table, taken: Sequence[int] = ()) -> dict[str, tuple[str, ...]]:
        """Return what the columns that go in are called, by node; nothing if they have no names."""
        if table.names is None:
            return {}
        wanted = self.task.input
        if wanted is None:
            return {"": tuple(name for i, name in enumerate(table.names) if i not in taken)}
        each = wanted if isinstance(wanted, Mapping) else {"": wanted}
        with self.at("input"):
            return {n: _titles(table, c).names or () for n, c in each.items() if c not in ((), [])}

    def _aligned(self, table: Table, given: Array | None) -> TaskData:
        """Return rows and their targets, the last rows left out where there is no target yet."""
        taken = self._taken(table)
        x = self._inputs(table, taken)
        y, ahead, titles = self._targets(table, given)
        n_rows = len(table.values) - ahead
        size, end = self._split(n_rows, n_rows)
        columns = self._called(table, taken)
        self._check_gaps(x, end, columns)
        rows, rest = slice(0, size), slice(size, end)
        test = Examples(picked(x, rest), picked(y, rest)) if end > size else None
        train = Examples(picked(x, rows), picked(y, rows))
        return TaskData(train, test, titles=titles, columns=columns)

    def _taken(self, table: Table) -> list[int]:
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

    def _targets(self, table: Table, given: Array | None) -> tuple[Any, int, dict[str, Titles]]:
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
            raise DataError(f"{ahead} steps ahead of {len(table.values)} rows")
        if isinstance(target, ForecastTarget | ColumnTarget):
            wanted = target.columns if isinstance(target, ForecastTarget) else target.column
            return _columns(table, wanted)[ahead:], ahead, _titles(table, wanted, ahead)
        titles = _titles(table, None, ahead)._replace(names=None)
        if isinstance(target, FileSource):
            other = self.table(target, *place)
            given, times = other.values, table.times or other.times
            titles = Titles(other.names, None if times is None else times[ahead:])
        if given is None:
            raise DataError("is required: this dataset is one series; write {forecast: 1}")
        if len(given) != len(table.values):
            raise DataError(f"{len(given)} rows of targets for {len(table.values)} of data")
        return given[ahead:], ahead, titles

    def _split(self, n_rows: int, most: int) -> tuple[int, int]:
        """Return where the rows to learn from end, and where those to score end, at `most`."""
        split = self.task.split
        train = 2 * n_rows // 3 if split.train is None else split.train
        end = most if split.test is None else train + split.test
        with self.at("split"):
            if train > n_rows or end > most:
                raise DataError(
                    f"train {train} + test {split.test or 0} rows, but only "
                    f"{most if end > most else n_rows} have a target"
                )
            if split.warmup >= train:
                raise DataError(f"warmup {split.warmup} leaves nothing of {train} rows to learn")
        return train, end

    def _generation(self, table: Table, target: GenerateTarget) -> TaskData:
        """Return rows and the next ones, and prompts with what came right after them.

        The first generated value is ``run(prompt)[-1]``, the forecast of the row after the
        prompt: ``truth[i] = series[start + prompt + i]``.
        """
        x = self._inputs(table)
        with self.at("input"):
            if isinstance(x, np.ndarray) and x.shape != table.values.shape:
                raise DataError(
                    "a model that generates takes in all the columns it gives; for others that "
                    "stay outside the loop write input: {node: columns} and loop: {node: readout}"
                )
        with self.at("target"):
            y, outside = _looped(x, table.values, target)
        series = np.hstack(list(y.values())) if isinstance(y, Mapping) else y
        shift = 0 if x is None else 1
        if (self.task.split.train or 1) + shift + target.generate > len(series):
            with self.at("target"):
                raise DataError(
                    f"train {self.task.split.train or 1} + generate {target.generate} rows; there "
                    f"are {len(series)}"
                )
        train, end = self._split(len(series) - shift - target.generate, len(series))
        alone = train + target.prompt + target.generate
        columns = self._called(table)
        self._check_gaps(x, end if target.windows > 1 else min(end, alone), columns)
        examples = Examples(picked(x, slice(train)), picked(y, slice(shift, train + shift)))
        with self.at(*(("target",) if self.task.split.test is None else ("split", "test"))):
            found = windows(series[:end], train, target, x, outside)
        titles = {"": self._looped_titles(table, target)}
        return TaskData(examples, windows=found, titles=titles, columns=columns)

    def _looped_titles(self, table: Table, target: GenerateTarget) -> Titles:
        """Return what is generated is called: columns by input, in the order of the loop."""
        if not isinstance(self.task.input, Mapping):
            return _titles(table, self.task.input or None)
        wanted = [self.task.input[taker] for taker in target.loop or ()]
        names = [_titles(table, columns).names or () for columns in wanted]
        return Titles(sum(names, ()) or None, table.times)

    def _recorded(self, source: LabelledFile | LabelledFolder) -> TaskData:
        """Return recordings that the user has made, each with its class."""
        with self.at("data"):
            found = self.recordings(source, test=False)
            test = None if source.test is None else self.recordings(source, test=True)
            filled = self.gaps or self._is_filled(None)
            for part in [found] if test is None else [found, test]:
                for rows, name in zip(part.series, part.names, strict=True):
                    to_rows(rows, name, gaps=filled)
            classes = to_classes(found, test, self._known, repeat=self._repeats(source.targets))
        return self._classes(classes, found.columns)

    def _repeats(self, targets: str | None) -> bool:
        """Tell whether a class is taught at every row: as said, else as `Model.fit` does."""
        if targets is not None or self.plan is None:
            return targets == "repeat"
        named = [name for name, node in self.plan.nodes.items() if getattr(node, "classes", None)]
        return not all(map(self.plan.behind_summary, named))

    @property
    def _known(self) -> tuple[Any, ...]:
        """Return the classes that the readout names, if there is one that does."""
        nodes = () if self.plan is None else self.plan.nodes.values()
        named = {tuple(known): None for node in nodes if (known := getattr(node, "classes", None))}
        if len(named) > 1:
            raise DataError("nodes name different classes; a task has one label for each series")
        return next(iter(named), ())

    def _classes(self, found: Classes, names: tuple[str, ...] | None = None) -> TaskData:
        """Return series with the class of each as rows of zeros and a one."""
        with self.at("target"):
            if self.task.target is not None or self.task.targets is not None:
                raise DataError("these series have labels of their own; leave target out")
        with self.at("split"):
            found = found.split(self.task.split)
        with self.at("input"):
            data = found.taking(self.task.input).data()
        table = Table(np.empty((0, len(names or ()))), names)
        return replace(data, columns=self._called(table))


def _looped(x: Any, values: Array, target: GenerateTarget) -> tuple[Any, dict[str, Array] | None]:
    """Return what is learned and generated, by output if several are, and what stays outside.

    Each output of the loop is to give what its input takes, one step later.
    """
    if isinstance(x, Mapping):
        if target.loop is None:
            raise DataError(
                f"there are inputs {', '.join(x)}: say which output becomes which input, as in "
                f"loop: {{{next(iter(x))}: readout}}"
            )
        if strangers := [name for name in target.loop if name not in x]:
            raise DataError(f"loop: input has no columns for {strangers[0]}; it has {', '.join(x)}")
        if len(set(target.loop.values())) < len(target.loop):
            raise DataError("loop: one output cannot become two inputs with columns of their own")
        outside = {name: rows for name, rows in x.items() if name not in target.loop}
        return {giver: x[taker] for taker, giver in target.loop.items()}, outside or None
    return values, None


def _titles(table: Table, columns: Any = None, ahead: int = 0) -> Titles:
    """Return what some columns, and the rows from `ahead` on, are called."""
    names, times = table.names, table.times
    if names is not None:
        names = tuple(names[i] for i in chosen(columns, names, len(names), "data"))
    return Titles(names, None if times is None else times[ahead:])


def _columns(table: Table, columns: Any) -> Array:
    return table.values[:, chosen(columns, table.names, table.values.shape[1], "data")]
