"""Targets beside predictions: checked, and laid one series behind the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import split_series, to_rows
from nodegraph.data.tables import check_columns, check_order, columns_of
from nodegraph.errors import DataError

__all__ = ["check_tables", "pair_rows", "pair_series", "same_shape"]


def check_tables(y: Any, **others: Any) -> None:
    """Refuse tables whose rows or columns are those of `y` in another order.

    Raises
    ------
    DataError
        With how to put them in order.
    """
    check_order({"y": y, **others}, None)
    known = columns_of(y)
    for name, other in others.items():
        new = columns_of(other)
        if known and new and sorted(known.names) == sorted(new.names):
            check_columns(known, new, name, "those of y are")


def pair_series(where: str, y: Any, y_hat: Any) -> list[tuple[Array, Any]]:
    """Return target and prediction of each series; the predictions are not looked into.

    Raises
    ------
    DataError
        If they are not equally many, a target is not a series of numbers or gaps, or rows of tables
        stand in another order.
    """
    check_tables(y, y_hat=y_hat)
    targets, predictions = (
        split_series(y, f"{where}: y")[0],
        split_series(y_hat, f"{where}: y_hat")[0],
    )
    if len(targets) != len(predictions):
        raise DataError(
            f"{where}: y holds {len(targets)} series, y_hat {len(predictions)}; give one "
            "prediction for each series"
        )
    several = len(targets) > 1
    return [
        (to_rows(target, f"{where}: y{f'[{i}]' if several else ''}", gaps=True), prediction)
        for i, (target, prediction) in enumerate(zip(targets, predictions, strict=True))
    ]


def pair_rows(where: str, y: Any, y_hat: Any) -> tuple[Array, Array]:
    """Return all rows of targets and of predictions, those left out whose target has a gap.

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite where it is scored, or no row is left.
    """
    pairs = [
        (target, _finite(where, target, prediction))
        for target, prediction in pair_series(where, y, y_hat)
    ]
    if len({target.shape[1] for target, _ in pairs}) > 1:
        raise DataError(f"{where}: the series of y differ in their number of columns")
    targets = np.concatenate([target for target, _ in pairs]).astype(float)
    predictions = np.concatenate([prediction for _, prediction in pairs]).astype(float)
    known = ~np.isnan(targets).any(axis=1)
    if not known.any():
        raise DataError(f"{where}: every row of y has a NaN, so there is nothing to compare with")
    return targets[known], predictions[known]


def _finite(where: str, target: Array, prediction: Any) -> Array:
    rows = same_shape(where, target, to_rows(prediction, f"{where}: y_hat", gaps=True))
    scored = ~np.isnan(target).any(axis=1, keepdims=True)
    if (gaps := np.argwhere(np.isnan(rows) & scored)).size:
        raise DataError(
            f"{where}: y_hat: NaN in row {gaps[0, 0]}, column {gaps[0, 1]}; a row that nothing is "
            "said of is scored if y is known there: leave it out of both, or make y NaN there"
        )
    return rows


def same_shape(where: str, y: Array, y_hat: Array) -> Array:
    """Return `y_hat` if it has the shape of `y`.

    Raises
    ------
    DataError
        If it has another one.
    """
    if y.shape != y_hat.shape:
        raise DataError(
            f"{where}: y has shape {y.shape}, y_hat {y_hat.shape}; give a prediction for each "
            "row and column of the target"
        )
    return y_hat
