"""Labels of classes as rows of zeros and a one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodegraph.graph.messages.phrases import shown

__all__ = ["Lesson", "are_words", "label_rows", "one_hot_rows"]


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
