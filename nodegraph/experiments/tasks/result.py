"""What came of a run: the learned model, what it said, how good that was; the same as rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from io import StringIO
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.probability import coverage, interval_score
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.series_trial import ClassTrial, SeriesTrial
from nodegraph.experiments.tasks.trial import ForecastTrial, Trial
from nodegraph.experiments.tasks.validation import Validated
from nodegraph.files.yaml.header import Header
from nodegraph.files.yaml.spec import Spec
from nodegraph.model import Model

__all__ = [
    "MOST",
    "Result",
    "Score",
    "column_rows",
    "in_words",
    "interval_rows",
    "learning_rows",
    "prediction_csv",
    "prediction_table",
    "score_rows",
    "shown_number",
]

Table = dict[str, Sequence[Any] | Array]


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


MOST = 1_000_000  # numbers of predictions that are written out
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


def in_words(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a row as it stands in a table."""
    return {key: shown_number(value) for key, value in row.items()}


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


def prediction_csv(result: Result) -> str | None:
    """Return `prediction_table` as text; None if it has more than `MOST` numbers.

    A number has as many digits as tell it from any other of its precision; what is not known is
    left empty.
    """
    table = prediction_table(result)
    columns = [np.asarray(column) for column in table.values()]
    if sum(column.size for column in columns) > MOST:
        return None
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*map(_cells, columns), strict=True))
    return text.getvalue()


def prediction_table(result: Result) -> Table:
    """Return columns of equal length by name.

    ``row`` is the row of the data, from 0, at which something was said (what was generated stands
    in the row that it foretells), ``time`` that of the target. Independent series are numbered
    from 0, as notes have them, and have the ``name`` that the data call them by, if there is one;
    windows that are generated are numbered from 1. Of each column of a target there
    are ``target``, ``prediction`` and, where a readout has intervals, its quantiles.
    """
    trial, guess, times = result.trial, result.guess, None
    right, said = trial.right(result.model), guess
    if isinstance(trial, ForecastTrial):
        known: Table = {"row": trial.start + np.arange(len(next(iter(guess.values()))))}
        times = next((t for t in (trial.titles(node).times for node in guess) if t), None)
    elif isinstance(trial, SeriesTrial):
        lengths = [*map(len, next(iter(guess.values())))]
        warmup, data = trial.task.split.warmup, trial.data
        known = _numbered("series", 0, lengths, [warmup] * len(lengths))
        if data.called:
            known = {"series": known["series"], "name": np.repeat(data.called, lengths), **known}
        if data.times:
            known["time"] = [t for part in data.times for t in part[warmup:]]
    elif isinstance(trial, GenerationTrial):
        windows, lengths = trial.data.windows, [*map(len, guess)]
        known = _numbered("window", 1, lengths, [window.first for window in windows])
        times = trial.titles("").times
        right = {"": [w.truth[:n] for w, n in zip(windows, lengths, strict=True)]}
        said = {"": guess}
    elif isinstance(trial, ClassTrial):
        classes, (_, labels) = trial.data.classes, trial.labels
        known = {"series": np.arange(len(labels))}
        known |= {"name": trial.data.called} if trial.data.called else {}
        known["target"] = [classes[i] for i in labels]
        known["prediction"] = [classes[i] for i in guess.argmax(axis=1)]
        outputs = zip(classes, guess.T, strict=True)
        return known | {f"output {name}": column for name, column in outputs}
    else:
        raise TypeError(f"{type(trial).__name__} has no table of predictions")
    if times:
        known["time"] = [times[i] for i in known["row"]]
    return known | _by_node(result, right, said)


def _numbered(outer: str, first: int, lengths: Sequence[int], starts: Sequence[int]) -> Table:
    """Return which series each row is of, and which of its rows it is."""
    rows = [np.arange(a, a + n) for a, n in zip(starts, lengths, strict=True)]
    numbers = np.arange(first, first + len(lengths))
    return {outer: np.repeat(numbers, lengths), "row": np.concatenate(rows)}


def _by_node(result: Result, right: Mapping[str, Any], said: Mapping[str, Any]) -> Table:
    """Return columns of targets and predictions, named by node and column where there are some."""
    table: Table = {}
    for node, parts in said.items():
        y, rows = _stacked(right[node]), _stacked(parts)
        levels: tuple[float, ...] = ()
        if node in result.bounds:
            bounds = _stacked(result.bounds[node])
            levels = getattr(result.model.plan.nodes[node], "intervals", ())
        width = rows.shape[1]
        names = result.trial.titles(node).names
        columns = names if names and len({*names}) == width else [*map(str, range(width))]
        for j, column in enumerate(columns):
            of = [node] * (len(said) > 1) + [column] * (width > 1 or bool(names))
            table[" ".join(["target", *of])] = y[:, j]
            table[" ".join(["prediction", *of])] = rows[:, j]
            for k, level in enumerate(levels):
                table[" ".join([f"quantile {level}", *of])] = bounds[:, j, k]
    return table


def _cells(column: Array) -> Iterable[str]:
    if column.dtype.kind != "f":
        return map(str, column.tolist())
    return ("" if np.isnan(value) else str(value) for value in column)
