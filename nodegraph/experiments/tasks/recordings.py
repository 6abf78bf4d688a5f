"""A user's own series with a class each: from a folder of files a class, or from one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.class_data import Classes
from nodegraph.files.numerals import grammar
from nodegraph.files.safe_files import list_folder
from nodegraph.files.table_columns import Table, listed
from nodegraph.files.table_files import SUFFIXES
from nodegraph.graph.messages.phrases import shown

__all__ = ["Recordings", "from_folder", "from_table", "to_classes"]


@dataclass(frozen=True)
class Recordings:
    """Series with a class each, as they were read.

    Parameters
    ----------
    where : str
        File or folder that they are from.
    series : list of array, each of shape (n_steps, n_columns)
    labels : list of str
        The class of each.
    names : list of str
        What each is called, for messages.
    called : tuple of str
        What each is called in the data.
    columns : tuple of str or None
        What the columns are called.
    told : str
        What was read, in a sentence.
    """

    where: str
    series: list[Array]
    labels: list[str]
    names: list[str]
    called: tuple[str, ...]
    columns: tuple[str, ...] | None
    told: str


def from_table(table: Table, where: str) -> Recordings:
    """Return the recordings of a table, whose two columns of words name recording and class.

    Rows of a recording are put together wherever they stand, in the order of the table.

    Raises
    ------
    DataError
        If a row names none, or a recording has two classes.
    """
    owners, labels = table.words
    is_gap = grammar().kind
    for what, cells in (("series", owners), ("label", labels)):
        for row, cell in enumerate(cells):
            if is_gap(cell) == "gap":
                raise DataError(f"{where}: {what} is missing in row {row} ({shown(cell)})")
    rows: dict[str, list[int]] = {}
    for row, owner in enumerate(owners):
        rows.setdefault(owner, []).append(row)
    for owner, own in rows.items():
        if other := [row for row in own if labels[row] != labels[own[0]]]:
            raise DataError(
                f"{where}: series {owner} is {labels[own[0]]} in row {own[0]} and "
                f"{labels[other[0]]} in row {other[0]}; a recording has one class: give each a "
                "name of its own"
            )
    first = [labels[own[0]] for own in rows.values()]
    return Recordings(
        where,
        [table.values[own] for own in rows.values()],
        first,
        [f"{where}, series {owner}" for owner in rows],
        tuple(rows),
        table.names,
        f"{_counted(first)}; {table.told}",
    )


def from_folder(
    folder: str, root: str | os.PathLike[str] | None, read: Callable[[str], Table]
) -> Recordings:
    """Return the recordings in `folder`: the class of each is the folder in it that has its file.

    Parameters
    ----------
    folder : str
    root : path-like or None
        As in `list_folder`.
    read : callable
        ``read(file)`` returns a table.

    Raises
    ------
    DataError
        If there are no folders of classes, one has no recording or folders of its own, or files
        have different columns.
    """
    classes, beside = list_folder(root, folder)
    if not classes:
        raise DataError(
            f"{folder}: has no folders, one for each class; for one table of all recordings write "
            "file:, series: and label:"
        )
    files, passed = list[tuple[str, str]](), list(beside)
    for label in classes:
        own, others = _files(f"{folder}/{label}", root)
        files += [(label, file) for file in own]
        passed += [f"{label}/{each}" for each in others]
    tables = [read(file) for _, file in files]
    _check_alike([file for _, file in files], tables)
    labels = [label for label, _ in files]
    told = f"{_counted(labels)}; the first: {tables[0].told}"
    if passed:
        told += f"; left out: {listed(passed)}"
    return Recordings(
        folder,
        [table.values for table in tables],
        labels,
        [file for _, file in files],
        tuple(file for _, file in files),
        tables[0].names,
        told,
    )


def _counted(labels: Sequence[str]) -> str:
    counts = [f"{label} {labels.count(label)}" for label in sorted({*labels})]
    return f"{len(labels)} recordings: {listed(counts, 20)}"


def _files(folder: str, root: str | os.PathLike[str] | None) -> tuple[list[str], list[str]]:
    """Return the files of recordings in the folder of a class, and what else is there."""
    inner, files = list_folder(root, folder)
    if inner:
        raise DataError(
            f"{folder}: has folders in it ({listed(inner)}), but the folder of a class has "
            "recordings; where they are parts to learn from and to score, write folder: and test:"
        )
    own = [file for file in files if file.lower().endswith(SUFFIXES)]
    if not own:
        raise DataError(f"{folder}: has no recordings, which end in {', '.join(SUFFIXES)}")
    stems = [file.split(".")[0] for file in own]
    if twice := [file for file, stem in zip(own, stems, strict=True) if stems.count(stem) > 1]:
        same = [file for file in twice if file.split(".")[0] == twice[0].split(".")[0]]
        if len({PurePath(file).suffix for file in same}) > 1:
            raise DataError(f"{folder}: {' and '.join(same)} look like one recording; keep one")
    return [f"{folder}/{file}" for file in own], [file for file in files if file not in own]


def _check_alike(files: Sequence[str], tables: Sequence[Table]) -> None:
    first = tables[0]
    for file, table in zip(files, tables, strict=True):
        if table.names == first.names and table.values.shape[1] == first.values.shape[1]:
            continue
        ours, others = (_called(each) for each in (table, first))
        raise DataError(
            f"{file}: columns {ours}, but {files[0]} has {others}; choose them by columns: [...]"
        )


def _called(table: Table) -> str:
    width = table.values.shape[1]
    return f"{listed(table.names)}" if table.names else f"{width} without names"


def to_classes(
    found: Recordings, test: Recordings | None, known: Sequence[object], *, repeat: bool
) -> Classes:
    """Return recordings as series with rows that tell their class.

    Parameters
    ----------
    found, test : Recordings
        To learn from, and to be scored if there are such.
    known : sequence
        The classes that the readout names, in its order; empty if it names none.
    repeat : bool
        Whether a class is told at every row.

    Raises
    ------
    DataError
        If there is one class, or a class that cannot be learned, or the columns of `test` differ.
    """
    names = _names(found, known)
    places = {str(name): i for i, name in enumerate(names)}
    if test is None:
        return _classes(found, places, names, None, repeat)
    if test.where == found.where:
        raise DataError(f"{test.where}: test is what is learned from; leave it out")
    if strange := sorted({*test.labels} - {*found.labels}):
        raise DataError(
            f"{test.where}: class {strange[0]} has no recording to learn from in {found.where}"
        )
    if (test.columns, test.series[0].shape[1]) != (found.columns, found.series[0].shape[1]):
        raise DataError(
            f"{test.where}: its columns are not those of {found.where}; choose them by "
            "columns: [...]"
        )
    return _classes(found, places, names, _classes(test, places, names, None, repeat), repeat)


def _names(found: Recordings, known: Sequence[object]) -> tuple[object, ...]:
    labels = sorted({*found.labels})
    if len(labels) < 2:
        raise DataError(f"{found.where}: all recordings are {labels[0]}; two classes are needed")
    if not known:
        return tuple(labels)
    if strange := [label for label in labels if label not in map(str, known)]:
        raise DataError(
            f"{found.where}: class {strange[0]} is none of the classes of the readout, "
            f"{listed(known)}"
        )
    return tuple(known)


def _classes(
    part: Recordings,
    places: dict[str, int],
    names: tuple[object, ...],
    other: Classes | None,
    repeat: bool,
) -> Classes:
    labels = np.array([places[label] for label in part.labels])
    rows = np.eye(len(names))[labels][:, None, :]
    y = [
        np.repeat(row, len(series) if repeat else 1, axis=0)
        for row, series in zip(rows, part.series, strict=True)
    ]
    return Classes(part.series, y, labels, names, other, called=part.called)
