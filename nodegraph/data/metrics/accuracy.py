"""How often the predicted class is the true one."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.guesses import are_flat, labels_beside
from nodegraph.data.metrics.pairing import check_tables, same_shape
from nodegraph.data.series import split_series, to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import shown

__all__ = ["accuracy"]

SLACK = 1e-4  # by which shares in single precision may miss their sum


@known_arguments
def accuracy(y: Any, y_hat: Any, per: str = "row", classes: Any = None) -> float:
    """Return the share of classes that are predicted right, from 0 to 1.

    Parameters
    ----------
    y, y_hat : array_like or lists of such
        Labels, numbers or words, of shape (n,) or (n, 1); or one column a class, of which the
        largest wins, of shape (n, n_classes); in `y` they are two numbers (1 and 0), or shares
        that sum to 1. Beside one label for each series, `y_hat` may be
        what `Model.run` gives for the series: the last row of each counts.
    per : {"row", "series"}
        What is counted: each row, or each series, whose rows then vote by their mean.
    classes : sequence, optional
        What the columns of `y_hat` stand for, where `y` holds labels; by default those that `y`
        shows, in sorted order.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If shapes differ, labels are predicted by numbers that are not whole, rows of `y` are of no
        one class, or it cannot be told what the columns stand for.

    Examples
    --------
    >>> accuracy(["a", "b", "b"], ["a", "b", "a"]) == 2 / 3
    True
    >>> accuracy([[1, 0], [0, 1]], [[0.7, 0.2], [0.6, 0.5]])
    0.5
    """
    if per not in ("row", "series"):
        raise DataError(f"accuracy.per: should be 'row' or 'series' (got {shown(per)})")
    check_tables(y, y_hat=y_hat)
    truth, guess = _labels("y", y), _labels("y_hat", y_hat)
    if guess is None and (truth is not None or are_flat(y, y_hat)):
        truth, guess = labels_beside(y, y_hat, per, classes)
    if truth is None or guess is None:
        truth, guess = _winners(y, y_hat, per)
    same_shape("accuracy", truth, guess)
    kinds = ["words" if part.dtype.kind in "UST" else "numbers" for part in (truth, guess)]
    if kinds[0] != kinds[1]:
        raise DataError(f"accuracy: y holds {kinds[0]}, y_hat {kinds[1]}; give labels of one kind")
    return float((truth == guess).mean())


def _labels(name: str, values: Any) -> Array | None:
    """Return flat labels, or None if `values` are scores of classes or several series."""
    try:
        array = np.asarray(values)
    except ValueError:  # series of different lengths
        return None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        return None
    if array.dtype.kind == "O":
        kinds = {isinstance(each, str) for each in array}
        array = np.array(array.tolist()) if len(kinds) == 1 else array
    if not array.size or array.dtype.kind not in "iufbUST":
        raise DataError(f"accuracy: {name} should hold labels: whole numbers or words, not empty")
    if array.dtype.kind == "f" and not (array == np.round(array)).all():
        raise DataError(
            f"accuracy: {name} is one column of numbers that are not whole; round them to labels, "
            "or give one column a class"
        )
    return array


def _winners(y: Any, y_hat: Any, per: str) -> tuple[Array, Array]:
    truths, guesses = split_series(y, "accuracy: y")[0], split_series(y_hat, "accuracy: y_hat")[0]
    if len(truths) != len(guesses):
        raise DataError(f"accuracy: y holds {len(truths)} series, y_hat {len(guesses)}")
    pairs = [_scores(*pair) for pair in zip(truths, guesses, strict=True)]
    if len({truth.shape[1] for truth, _ in pairs}) > 1:
        raise DataError("accuracy: the series of y differ in their number of classes")
    _check_classes(np.concatenate([truth for truth, _ in pairs]))
    if per == "series":
        pairs = [(y.mean(axis=0, keepdims=True), g.mean(axis=0, keepdims=True)) for y, g in pairs]
    classes = [np.concatenate(part).argmax(axis=1) for part in zip(*pairs, strict=True)]
    return classes[0], classes[1]


def _scores(y: Any, y_hat: Any) -> tuple[Array, Array]:
    truth, guess = to_rows(y, "accuracy: y"), to_rows(y_hat, "accuracy: y_hat")
    same_shape("accuracy", truth, guess)
    if truth.shape[1] == 1:
        raise DataError("accuracy: a series of labels; give one column a class, or flat labels")
    return truth, guess


def _check_classes(truth: Array) -> None:
    """Refuse rows of quantities, of which one is the largest as well, and rows without a class."""
    shares = (truth >= 0).all() and (abs(truth.sum(axis=1) - 1) < SLACK).all()
    if not shares and len(np.unique(truth)) > 2:
        raise DataError(
            "accuracy: y holds quantities, neither two numbers (1 in the column of the class, else "
            "0) nor shares that sum to 1; score them by nrmse or r2, or give labels"
        )
    if len(odd := np.flatnonzero((truth == truth.max(axis=1, keepdims=True)).sum(axis=1) > 1)):
        raise DataError(
            f"accuracy: {len(odd)} of {len(truth)} rows of y, row {odd[0]} first, are of no one "
            "class, since their largest number stands in several columns; leave such rows out"
        )
