"""Targets of one series and of many: a row for each step, or one for a whole series; labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.containers import axes
from nodegraph.data.instances import called
from nodegraph.data.series import split_series, to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.phrases import shown

__all__ = ["Lesson", "one_target", "series_targets"]


class Lesson(NamedTuple):
    """How a learner takes its targets.

    Parameters
    ----------
    classes : tuple
        What the columns of its output stand for; empty if it learns quantities.
    at_end : bool
        Whether the label of a whole series is that of its last step alone, as it is behind a node
        that sums a series up; else it is that of every step.
    """

    classes: tuple[Any, ...] = ()
    at_end: bool = False


def are_words(value: Any) -> str | None:
    """Return the first word of `value` if it holds words, else None."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return next(filter(None, map(are_words, value)), None)
    if array.dtype.kind in "UST" and array.size:
        return str(array.ravel()[0])
    if array.dtype.kind != "O":
        return None
    items = array.ravel().tolist() if array.ndim else [array.item()]
    if any(isinstance(item, np.ndarray | list) for item in items):
        return next(filter(None, map(are_words, items)), None)
    known = [item for item in items if isinstance(item, str | bytes)]
    return str(known[0]) if known else None


def label_rows(value: Any, classes: Sequence[Any], where: str) -> Array | None:
    """Return labels, shape (T,) or (T, 1), as rows of zeros and a one; None for rows of numbers.

    Raises
    ------
    DataError
        If a label is none of the classes, or there are neither labels nor a column for each.
    """
    labels = value if np.ma.isMaskedArray(value) else np.asarray(value)
    if labels.ndim == 2 and labels.shape[1] == len(classes) and are_words(labels) is None:
        return None
    if labels.ndim != 1 and (labels.ndim != 2 or labels.shape[1] != 1):
        raise DataError(
            f"{where}: expected labels, shape (T,), or a column for each of the {len(classes)} "
            f"classes; got shape {labels.shape}"
        )
    return one_hot_rows(labels, classes, where)


def one_hot_rows(labels: Any, classes: Sequence[Any], where: str) -> Array:
    """Return a row for each label: 1 in the column of its class; NaN where there is no label.

    Raises
    ------
    DataError
        If a label is none of the classes.
    """
    place = {name: i for i, name in enumerate(classes)}
    kept = labels if np.ma.isMaskedArray(labels) else np.asarray(labels)
    rows = np.zeros((kept.size, len(classes)))
    for i, item in enumerate(kept.ravel().tolist()):
        label = item.decode() if isinstance(item, bytes) else item
        if label is None or type(label).__name__ == "NAType" or label != label:
            rows[i] = np.nan
        elif label in place:
            rows[i, place[label]] = 1.0
        else:
            raise DataError(
                f"{where}: label {shown(label)} (number {i}) is none of the classes "
                f"{', '.join(map(repr, classes))}"
            )
    return rows


def one_target(value: Any, where: str, lesson: Lesson) -> Array:
    """Return the targets of one series as rows of numbers; labels as rows of zeros and a one.

    Raises
    ------
    DataError
        If there are words for a learner without classes, or a label that is none of its classes.
    """
    if lesson.classes and (rows := label_rows(value, lesson.classes, where)) is not None:
        return rows
    if not lesson.classes and (word := are_words(value)) is not None:
        raise DataError(
            f"{where}: words, such as {word!r}; say which classes there are, as in "
            "Ridge(classes=np.unique(labels))"
        )
    return to_rows(value, where, gaps=True)


def series_targets(
    value: Any, name: str, lengths: Sequence[int], lesson: Lesson
) -> tuple[list[Array], bool]:
    """Return the targets of each series, and whether one row was given for each.

    Parameters
    ----------
    value : array_like or list
        A target for each step: a list of (T_i, d), or an array (S, T, d); or one row or label for
        each series: (S,), (S, d) or a list of such.
    name : str
        The learner.
    lengths : sequence of int
        Steps of each series.
    lesson : Lesson

    Raises
    ------
    DataError
        If they are not as many as the series, or it is not plain which of both is meant.
    """
    where = f"target of {name}"
    if not _flat(value):
        parts = split_series(value, where)[0]
        _check_count(parts, lengths, where)
        rows = [one_target(p, f"{where} ({called(i, parts)})", lesson) for i, p in enumerate(parts)]
        once = max(lengths) > 1 and all(len(part) == 1 for part in rows)
        labels = once and all(np.shape(part) == (1, 1) for part in parts)
        whole = bool(lesson.classes) and labels and not lesson.at_end
        return [_spread(r, n, whole) for r, n in zip(rows, lengths, strict=True)], once
    if _as_long(value, lengths):
        return _steps(value, where, lengths, lesson), False
    rows_of_labels = _rows_of_labels(value, where, lesson)
    given = one_target(value, where, lesson) if rows_of_labels is None else rows_of_labels
    if len(given) != len(lengths):
        what = "rows" if rows_of_labels is None else "labels"
        raise DataError(
            f"{where}: {len(given)} {what} for {len(lengths)} series; give one for each series, or "
            "for a target at every step a list of arrays of shape (T, d), one for each series, or "
            "a table with an index (instance, time)"
        )
    whole = rows_of_labels is not None and not lesson.at_end
    parts = [given[i : i + 1] for i in range(len(given))]
    return [_spread(row, n, whole) for row, n in zip(parts, lengths, strict=True)], True


def _flat(value: Any) -> bool:
    """Tell whether there is less than a table for each series."""
    if isinstance(value, list | tuple):
        return all(axes(item) < 2 for item in value)
    return axes(value) in (1, 2)


def _check_count(parts: Sequence[Any], lengths: Sequence[int], where: str) -> None:
    if len(parts) != len(lengths):
        raise DataError(
            f"inputs and targets must be as many: {len(lengths)} series, {len(parts)} for {where}"
        )


def _as_long(value: Any, lengths: Sequence[int]) -> bool:
    """Tell whether flat targets are as long as their series, so that they are perhaps steps."""
    if isinstance(value, list | tuple):
        flat = [axes(item) == 1 and len(item) for item in value]
    else:
        flat = [np.shape(value)[1]] * len(value) if axes(value) == 2 else []
    return max(lengths) > 1 and flat == list(lengths)


def _steps(value: Any, where: str, lengths: Sequence[int], lesson: Lesson) -> list[Array]:
    """Return labels of steps; anything else could be a row for each series as well."""
    rows = value if isinstance(value, list | tuple) else np.asarray(value)
    plain = bool(lesson.classes) and (
        set(lengths) != {len(lesson.classes)} or are_words(rows) is not None
    )
    if plain:
        return [
            one_hot_rows(labels, lesson.classes, f"{where} (series {i})")
            for i, labels in enumerate(rows)
        ]
    if are_words(rows) is not None:
        one_target(rows[0], where, lesson)
    if isinstance(value, list | tuple):
        column, row = "a.reshape(-1, 1)", "a.reshape(1, -1)"
        if hasattr(type(value[0]), "to_frame"):
            column, row = "a.to_frame()", "a.to_numpy().reshape(1, -1)"
        raise DataError(
            f"{where}: flat arrays, each as long as its series; write [{column} for a in y] for a "
            f"target at every step, [{row} for a in y] for one row for each series"
        )
    raise DataError(
        f"{where}: shape {np.shape(value)} beside series of {lengths[0]} steps can be a target at "
        "every step, y[:, :, None], or one row for each series, y[:, None, :]; write which"
    )


def _rows_of_labels(value: Any, where: str, lesson: Lesson) -> Array | None:
    """Return labels, one for each series, as rows; None if they are none."""
    if not lesson.classes:
        return None
    if isinstance(value, list | tuple) and len({np.shape(item) for item in value}) > 1:
        raise DataError(f"{where}: items of different lengths, none as long as its series")
    return label_rows(value, lesson.classes, where)


def _spread(target: Array, n_steps: int, whole: bool) -> Array:
    """Return a target of one row as that of every step, or of the last: NaN before it."""
    if len(target) != 1 or n_steps <= 1:
        return target
    if whole:
        return np.tile(target, (n_steps, 1))
    rows = np.full((n_steps, target.shape[1]), np.nan)
    rows[-1] = target[0]
    return rows
