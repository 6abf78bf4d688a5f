"""What came of a run as rows of words and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.experiments.tasks.experiment import Result

__all__ = ["column_rows", "learning_rows", "score_rows", "shown_number"]

SHOWN = ("node", "rule", "rows", "ridge", "solver", "condition", "train_rmse")


def score_rows(result: Result) -> list[dict[str, Any]]:
    """Return a row for the model and one for each baseline: name, node if several, metrics."""
    return [
        {"model": score.model, **({"output": score.node} if score.node else {}), **score.values}
        for score in result.scores
    ]


def column_rows(result: Result, most: int) -> list[dict[str, Any]]:
    """Return a row for each of the first columns of each target that has several, by model."""
    return [
        {
            "model": score.model,
            **({"output": score.node} if score.node else {}),
            "column": column,
            **values,
        }
        for score in result.scores
        for column, values in list(score.columns.items())[:most]
    ]


def learning_rows(result: Result) -> list[dict[str, Any]]:
    """Return what each learner says of itself: rule, rows, solver, condition number."""
    return [
        {key: entry[key] for key in SHOWN if entry.get(key) is not None}
        for entry in result.model.report
    ]


def shown_number(value: Any) -> str:
    """Return a value as it stands in a table: numbers with four digits.

    Examples
    --------
    >>> shown_number(0.123456), shown_number([1.0, 2.0]), shown_number(12)
    ('0.1235', '1, 2', '12')
    """
    if isinstance(value, str | bool | int):
        return str(value)
    if np.ndim(value):
        return ", ".join(shown_number(part) for part in np.asarray(value).tolist())
    return f"{float(value):.4g}"
