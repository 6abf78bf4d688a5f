"""What came of a run: the learned model, what it said, how good that was; the same as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.probability import coverage, interval_score
from nodegraph.experiments.tasks.trial import Trial
from nodegraph.experiments.tasks.validation import Validated
from nodegraph.files.yaml.header import Header
from nodegraph.files.yaml.spec import Spec
from nodegraph.model import Model

__all__ = [
    "Result",
    "Score",
    "column_rows",
    "interval_rows",
    "learning_rows",
    "score_rows",
    "shown_number",
]


class Score(NamedTuple):
    """How well one model, or one baseline, did.

    Parameters
    ----------
    model : str
        Its name.
    node : str
        The node whose output is scored; empty where there is only one.
    values : dict of float, or of list of float
        By metric.
    columns : dict of dict of float
        By column of the target, where it has several, and by metric.
    """

    model: str
    node: str
    values: dict[str, Any]
    columns: Mapping[str, dict[str, float]] = MappingProxyType({})


@dataclass(frozen=True, repr=False)
class Result:
    """What came of a run.

    Parameters
    ----------
    spec : Spec
    model : Model
        As it stands at the end of the data; after a generation as it stood before.
    trial : Trial
        What the model was scored on.
    guess : object
        What the model said of it.
    scores : tuple of Score
        The model first, then the baselines.
    seconds : dict of float
        How long making the model, reading the data, trying the task (``check``), learning and
        scoring took.
    validated : Validated, optional
        What closed loops within the training rows came to, where the task says ``validate``.
    bounds : dict
        By readout with intervals, the quantiles that it expected, in the form of the guess.
    """

    spec: Spec
    model: Model
    trial: Trial
    guess: Any
    scores: tuple[Score, ...]
    seconds: dict[str, float]
    validated: Validated | None = None
    bounds: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = [
            f"{score.model}{f' ({score.node})' * bool(score.node)}: "
            + ", ".join(f"{name} {np.mean(value):.4g}" for name, value in score.values.items())
            for score in self.scores
        ]
        head = f"Result of {self.name}, on {self.trial.scored_on}:"
        return "\n  ".join([head, *rows, *self.notes])

    def _repr_html_(self) -> str:
        names = list(self.scores[0].values) if self.scores else []
        lines = [
            (escape(score.model), *(f"{np.mean(score.values[name]):.4g}" for name in names))
            for score in self.scores
        ]
        head = "".join(f"<th>{escape(word)}</th>" for word in ("model", *names))
        body = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines
        )
        caption = f"<caption>{escape(self.name)}: {escape(self.trial.scored_on)}</caption>"
        return f"<table>{caption}<tr>{head}</tr>{body}</table>"

    @property
    def header(self) -> Header:
        """What the YAML says beside its nodes."""
        return self.spec.header

    @property
    def name(self) -> str:
        """What the graph is called."""
        return self.header.name or "graph"

    @property
    def notes(self) -> list[str]:
        """What is to be known of the scores, in sentences."""
        return self.trial.notes(self.model, self.guess)


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


def interval_rows(result: Result) -> list[dict[str, Any]]:
    """Return a row for each interval of each readout that has some.

    `nominal` is the share of values that should lie within it and `found` the one that did;
    `mean_width` is in the units of the target, and `interval_score` adds what it missed by.
    """
    truths = result.trial.right(result.model) if result.bounds else {}
    rows = []
    for node, bounds in result.bounds.items():
        said = {"output": node} if len(result.bounds) > 1 else {}
        levels = getattr(result.model.plan.nodes[node], "intervals", ())
        y, q = (_stacked(part) for part in (truths[node], bounds))
        rows += [{**said, **row} for row in _rows_of(levels, y, q)]
    return rows


def _rows_of(levels: Sequence[float], y: Array, bounds: Array) -> list[dict[str, Any]]:
    """Return a row for each pair of quantiles, the widest first, and one for a middle one."""
    rows: list[dict[str, Any]] = []
    for i in range(len(levels) // 2):
        low, high, share = bounds[..., i], bounds[..., -1 - i], _between(levels[i], levels[-1 - i])
        rows.append(
            {
                "interval": f"{levels[i]} to {levels[-1 - i]}",
                "nominal": share,
                "found": coverage(y, low, high),
                "mean_width": float((high - low).mean()),
                "interval_score": interval_score(y, low, high, share),
            }
        )
    if len(levels) % 2:
        middle = bounds[..., len(levels) // 2]
        level = levels[len(levels) // 2]
        found = coverage(y, np.full_like(middle, -np.inf), middle)
        rows.append({"interval": f"below {level}", "nominal": level, "found": found})
    return rows


def _between(low: float, high: float) -> float:
    """Return how much lies between two quantiles, in the digits that they are written in.

    Examples
    --------
    >>> 0.95 - 0.05, _between(0.05, 0.95)
    (0.8999999999999999, 0.9)
    """
    return float(Decimal(str(high)) - Decimal(str(low)))


def _stacked(rows: Any) -> Array:
    return np.concatenate(rows) if isinstance(rows, list) else rows


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
