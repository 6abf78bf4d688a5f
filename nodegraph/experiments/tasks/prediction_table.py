"""What was predicted beside what was right, row by row, as a file of a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.result import Result
from nodegraph.experiments.tasks.series_trial import ClassTrial, SeriesTrial
from nodegraph.experiments.tasks.trial import ForecastTrial

__all__ = ["MOST", "prediction_csv", "prediction_table"]

MOST = 1_000_000  # numbers that are written out

Table = dict[str, Sequence[Any] | Array]


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
    writer.writerows(zip(*map(_words, columns), strict=True))
    return text.getvalue()


def prediction_table(result: Result) -> Table:
    """Return columns of equal length by name.

    ``row`` is the row of the data, from 0, at which something was said (what was generated stands
    in the row that it foretells), ``time`` that of the target. Independent series are numbered
    from 0, windows that are generated from 1, as notes have them. Of each column of a target there
    are ``target``, ``prediction`` and, where a readout has intervals, its quantiles.
    """
    trial, guess = result.trial, result.guess
    if isinstance(trial, ForecastTrial):
        rows = np.arange(trial.start, trial.start + len(next(iter(guess.values()))))
        times = next((t for t in (trial.titles(node).times for node in guess) if t), None)
        known: Table = {"row": rows, **({"time": [times[i] for i in rows]} if times else {})}
        return known | _by_node(result, trial.truth(guess), guess, result.bounds)
    if isinstance(trial, SeriesTrial):
        right = {node: np.vstack(parts) for node, parts in trial.right(result.model).items()}
        said = {node: np.vstack(parts) for node, parts in guess.items()}
        bounds = {node: np.concatenate(parts) for node, parts in result.bounds.items()}
        lengths = [*map(len, next(iter(guess.values())))]
        known = _numbered("series", "row", lengths, [trial.task.split.warmup] * len(lengths))
        return known | _by_node(result, right, said, bounds)
    if isinstance(trial, GenerationTrial):
        windows = trial.data.windows
        lengths, first = [*map(len, guess)], [window.first for window in windows]
        known = _numbered("window", "row", lengths, first)
        known["window"] = np.asarray(known["window"]) + 1
        if times := trial.titles("").times:
            known["time"] = [times[i] for i in known["row"]]
        truth = np.vstack([w.truth[:n] for w, n in zip(windows, lengths, strict=True)])
        return known | _by_node(result, {"": truth}, {"": np.vstack(guess)}, {})
    if isinstance(trial, ClassTrial):
        classes, (_, labels) = trial.data.classes, trial.labels
        known = {"series": np.arange(len(labels)), "target": [classes[i] for i in labels]}
        known["prediction"] = [classes[i] for i in guess.argmax(axis=1)]
        outputs = zip(classes, guess.T, strict=True)
        return known | {f"output {name}": column for name, column in outputs}
    raise TypeError(f"{type(trial).__name__} has no table of predictions")


def _numbered(outer: str, inner: str, lengths: Sequence[int], first: Sequence[int]) -> Table:
    """Return which series each row is of, and which of its rows it is."""
    rows = [np.arange(a, a + n) for a, n in zip(first, lengths, strict=True)]
    return {outer: np.repeat(np.arange(len(lengths)), lengths), inner: np.concatenate(rows)}


def _by_node(result: Result, right: dict[str, Array], said: dict[str, Array], bounds: Any) -> Table:
    """Return columns of targets and predictions, named by node and column where there are some."""
    table: Table = {}
    for node, rows in said.items():
        width = rows.shape[1]
        names = result.trial.titles(node).names
        columns = names if names and len({*names}) == width else [*map(str, range(width))]
        for j, column in enumerate(columns):
            of = [node] * (len(said) > 1) + [column] * (width > 1 or bool(names))
            table[" ".join(["target", *of])] = right[node][:, j]
            table[" ".join(["prediction", *of])] = rows[:, j]
            if node in bounds:
                levels = getattr(result.model.plan.nodes[node], "intervals", ())
                for level, quantile in zip(levels, bounds[node][:, j].T, strict=True):
                    table[" ".join([f"quantile {level}", *of])] = quantile
    return table


def _words(column: Array) -> Iterable[str]:
    if column.dtype.kind != "f":
        return map(str, column.tolist())
    return ("" if np.isnan(value) else str(value) for value in column)
