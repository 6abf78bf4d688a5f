"""A task's data as arrays: what to learn from, what to score, what to generate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from nodegraph.experiments.tasks.recordings import Recordings, from_folder, from_table, to_classes
from nodegraph.experiments.tasks.series_data import cut, labelled, rows_of
from nodegraph.experiments.tasks.task_columns import Choice, titles_of
from nodegraph.files.table_columns import Table
from nodegraph.files.table_files import load_table
from nodegraph.files.yaml.sources import DatasetSource, FileSource, LabelledFile, LabelledFolder
from nodegraph.files.yaml.task import FileTarget, GenerateTarget

__all__ = ["Preparation"]


class Preparation(Choice):
    """Turns one task into arrays, saying of each fault which key of the task it belongs to."""

    def data(self) -> TaskData:
        """Return the arrays.

        Raises
        ------
        DataError
            If a file, dataset or column cannot be read, or there are fewer rows than asked for; a
            `SpecError` if there is a document to point into.
        """
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
        table, given = _table_and_target(source)
        if given is not None and (self.task.target is not None or self.task.targets is not None):
            with self.at("target" if self.task.targets is None else "targets"):
                raise DataError("this dataset has targets of its own; leave it out")
        if table.lengths is not None:
            return self._series(table, table.lengths, given)
        if isinstance(self.task.target, GenerateTarget):
            return self._generation(table, self.task.target)
        return self._aligned(table, given)

    def _aligned(self, table: Table, given: Array | None) -> TaskData:
        """Return rows and their targets, the last rows left out where there is no target yet."""
        taken = self.taken(table)
        x = self.inputs(table, taken)
        y, ahead, titles = self.targets(table, given)
        self.tell_own_past(table, taken)
        n_rows = len(table.values) - ahead
        size, end = self.split(n_rows, n_rows)
        columns = self.called(table, taken)
        self.check_gaps(x, end, columns)
        rows, rest = slice(0, size), slice(size, end)
        test = Examples(picked(x, rest), picked(y, rest)) if end > size else None
        train = Examples(picked(x, rows), picked(y, rows))
        rows_called = table.times or ()
        return TaskData(train, test, titles=titles, columns=columns, rows=rows_called)

    def _series(self, table: Table, lengths: Sequence[int], given: Array | None = None) -> TaskData:
        """Return independent series and their targets, the last rows of each without one left out.

        Whole series are learned from or scored.
        """
        if isinstance(self.task.target, GenerateTarget):
            with self.at("target"):
                raise DataError("a model that generates goes on from one series; these are many")
        labels = self._labels(table, lengths)
        if labels is not None:
            return labels
        taken = self.taken(table)
        x = self.inputs(table, taken)
        y, ahead, titles = self.targets(table, given)
        self.tell_own_past(table, taken)
        with self.at("data"):
            rows = rows_of(lengths, ahead, table.owners or ())
            inputs, targets = cut(x, rows), cut(y, rows)
            columns = self.called(table, taken)
            self._check_each(inputs, columns, table.owners or ())
        train, end = self.split(len(rows), len(rows), series=True)
        test = Examples(picked(inputs, slice(train, end)), picked(targets, slice(train, end)))
        learned = Examples(picked(inputs, slice(train)), picked(targets, slice(train)))
        scored = slice(train, end) if end > train else slice(train)
        told = [each.times for each in titles.values() if each.times]
        times = next((each for each in told if len(each) == len(table.values) - ahead), None)
        return TaskData(
            learned,
            test if end > train else None,
            titles={node: each._replace(times=None) for node, each in titles.items()},
            columns=columns,
            called=(table.owners or ())[scored],
            times=tuple(times[part] for part in rows[scored]) if times else (),
        )

    def _check_each(
        self, x: Any, columns: Mapping[str, tuple[str, ...]], owners: Sequence[str]
    ) -> None:
        """Refuse a gap that no node fills, by series."""
        parts = {} if x is None or self.gaps else x if isinstance(x, Mapping) else {"": x}
        for node, series in parts.items():
            filled = self.is_filled(node or None)
            for i, rows in enumerate(named(series, columns, node)):
                which = f"series {owners[i] if owners else i}"
                to_rows(rows, f"{node or 'input'} ({which})", gaps=filled)

    def _labels(self, table: Table, lengths: Sequence[int]) -> TaskData | None:
        """Return series with the class of each, if a file has one for each and a readout wants it.

        None if it has a row for each row.
        """
        target = self.task.target
        if not isinstance(target, FileTarget) or not self.known:
            return None
        with self.at("target"):
            other = self.table(target, "target")
            if len(other.values) != len(lengths) or other.values.shape[1] != 1 or target.ahead:
                return None
            found = labelled(table, lengths, other.values[:, 0], target.file)
            classes = to_classes(found, None, self.known, repeat=self._repeats(None))
        with self.at("split"):
            classes = classes.split(self.task.split)
        with self.at("input"):
            return replace(classes.taking(self.task.input).data(), columns=self.called(table))

    def _generation(self, table: Table, target: GenerateTarget) -> TaskData:
        """Return rows and the next ones, and prompts with what came right after them.

        The first generated value is ``run(prompt)[-1]``, the forecast of the row after the
        prompt: ``truth[i] = series[start + prompt + i]``.
        """
        x = self.inputs(table)
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
        train, end = self.split(len(series) - shift - target.generate, len(series))
        alone = train + target.prompt + target.generate
        columns = self.called(table)
        self.check_gaps(x, end if target.windows > 1 else min(end, alone), columns)
        examples = Examples(picked(x, slice(train)), picked(y, slice(shift, train + shift)))
        with self.at(*(("target",) if self.task.split.test is None else ("split", "test"))):
            found = windows(series[:end], train, target, x, outside)
        titles = {"": self._looped_titles(table, target)}
        return TaskData(examples, windows=found, titles=titles, columns=columns)

    def _looped_titles(self, table: Table, target: GenerateTarget) -> Titles:
        """Return what is generated is called: columns by input, in the order of the loop."""
        if not isinstance(self.task.input, Mapping):
            return titles_of(table, self.task.input or None)
        wanted = [self.task.input[taker] for taker in target.loop or ()]
        names = [titles_of(table, columns).names or () for columns in wanted]
        return Titles(sum(names, ()) or None, table.times)

    def _recorded(self, source: LabelledFile | LabelledFolder) -> TaskData:
        """Return recordings that the user has made, each with its class."""
        with self.at("data"):
            found = self._recordings(source, test=False)
            test = None if source.test is None else self._recordings(source, test=True)
            filled = self.gaps or self.is_filled(None)
            for part in [found] if test is None else [found, test]:
                for rows, name in zip(part.series, part.names, strict=True):
                    to_rows(rows, name, gaps=filled)
            classes = to_classes(found, test, self.known, repeat=self._repeats(source.targets))
        return self._classes(classes, found.columns)

    def _recordings(self, source: LabelledFile | LabelledFolder, *, test: bool) -> Recordings:
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
                self.tell_idle(table, "data")
        self.told.append(found.told)
        return found

    def _repeats(self, targets: str | None) -> bool:
        """Tell whether a class is taught at every row: as said, else as `Model.fit` does."""
        if targets is not None or self.plan is None:
            return targets == "repeat"
        named = [name for name, node in self.plan.nodes.items() if getattr(node, "classes", None)]
        return not all(map(self.plan.behind_summary, named))

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
        return replace(data, columns=self.called(table))


def _looped(x: Any, values: Array, target: GenerateTarget) -> tuple[Any, dict[str, Array] | None]:
    """Return what is learned and generated, by output if several are, and what stays outside.

    Each output of the loop is to give what its input takes, one step later: its columns, in its
    order. Without an input it gives the series.
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
    return values if x is None else x, None


def _table_and_target(source: Any) -> tuple[Table, Array | None]:
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
