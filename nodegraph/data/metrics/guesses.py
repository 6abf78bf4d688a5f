"""Labels beside a column of scores for each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.containers import axes
from nodegraph.data.series import split_series, to_rows
from nodegraph.errors import DataError

__all__ = ["are_flat", "labels_beside"]


def are_flat(y: Any, y_hat: Any) -> bool:
    """Tell whether `y` holds a list of flat labels for each series of `y_hat`."""
    parts, form = split_series(y_hat, "accuracy: y_hat")
    if form == "one" or len(parts) != len(y):
        return False
    return all(axes(part) == 1 and len(part) == len(p) for part, p in zip(y, parts, strict=True))


def labels_beside(y: Any, y_hat: Any, per: str, classes: Any) -> tuple[Array, Array]:
    """Return labels and those that the scores beside them say.

    Parameters
    ----------
    y : array_like or list
        One label for each series or row, or a list of flat labels, one for each row of a series.
    y_hat : array_like or list
        Scores, a column for each class: (T, n_classes), or a list of such.
    per : {"row", "series"}
        Whether, of a whole series, the last row counts, or the mean of all.
    classes : sequence or None
        What the columns stand for; None: what `y` shows, in sorted order.

    Raises
    ------
    DataError
        If there are not as many classes as columns, or not as many labels as scores.
    """
    parts, form = split_series(y_hat, "accuracy: y_hat")
    scores = [to_rows(part, "accuracy: y_hat") for part in parts]
    stepwise = are_flat(y, y_hat)
    if stepwise:
        truth = np.concatenate([np.asarray(part) for part in y])
        rows = np.concatenate(scores)
    else:
        truth = np.asarray(y).ravel()
        rows = scores[0] if form == "one" else np.array([_verdict(part, per) for part in scores])
    if len(truth) != len(rows):
        what = "rows" if form == "one" or stepwise else "series"
        raise DataError(f"accuracy: {len(truth)} labels in y, {len(rows)} {what} in y_hat")
    names = _names(truth, rows.shape[1], classes)
    return truth, names[rows.argmax(axis=1)]


def _verdict(rows: Array, per: str) -> Array:
    guess: Array = rows[-1] if per == "row" else rows.mean(axis=0)
    return guess


def _names(truth: Array, n_columns: int, classes: Any) -> Array:
    names: Array = np.unique(truth) if classes is None else np.asarray(classes)
    if n_columns == 1:
        raise DataError(
            "accuracy: y holds labels, y_hat one column of numbers; round them to labels, or let "
            "the readout have one column a class: Ridge(classes=np.unique(labels))"
        )
    if len(names) != n_columns:
        shown = ", ".join(map(repr, names.tolist()[:9]))
        raise DataError(
            f"accuracy: {len(names)} classes ({shown}) for {n_columns} columns of y_hat; say what "
            "the columns stand for, in their order: accuracy(y, y_hat, classes=...)"
        )
    return names
