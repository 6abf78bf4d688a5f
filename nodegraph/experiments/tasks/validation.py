"""Closed loops scored on the rows that are learned from; nothing behind them is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from nodegraph.data.metrics.scoring import HIGHER_IS_BETTER
from nodegraph.errors import DataError
from nodegraph.experiments.tasks.examples import Examples, TaskData, Window, picked
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.trial import Trial
from nodegraph.files.yaml.task import GenerateTarget, Task, Validation
from nodegraph.model import Model
from nodegraph.model.choosing import chooser, settle

__all__ = ["Validated", "folds", "validated", "words"]


class Validated(NamedTuple):
    """What closed loops within the training rows came to.

    Parameters
    ----------
    scored_on : str
        What they are, in words.
    values : dict of float
        By metric, over all closed loops together; where a strength is chosen, with the best one.
    best : int, optional
        The number of the setting that was best by the first metric.
    each : tuple of dict
        The values of all settings.
    """

    scored_on: str
    values: dict[str, float]
    best: int | None = None
    each: tuple[dict[str, float], ...] = ()


def words(asked: Validation) -> str:
    """Return what is scored, in words."""
    many = f"{asked.folds} closed loop{'s' * (asked.folds > 1)} within the training rows"
    return f"{many} ({asked.kind})"


def folds(trial: Trial, task: Task) -> list[GenerationTrial]:
    """Return what is learned from and generated in turn, all of it within the training rows.

    ``recycle``: one fold that learns from all of them and generates from starts evenly spread over
    them. ``walk_forward``: as many folds as are asked for, each of which learns from the first
    rows and generates right behind them; the first learns from half of the rows.

    Raises
    ------
    DataError
        If the task does not generate, or there are too few rows.
    """
    asked, target = task.validation, task.target
    if asked is None or not isinstance(target, GenerateTarget):
        raise DataError("scores closed loops; this task generates nothing, so leave it out")
    train = trial.data.train
    if train.x is None or not target.prompt:
        raise DataError("starts anew in each fold, which needs an input and a prompt")
    y = np.hstack(list(train.y.values())) if isinstance(train.y, dict) else np.asarray(train.y)
    outside = _outside(train.x, target)
    last = len(y) - target.prompt - target.generate + 1
    walks = asked.kind == "walk_forward"
    first = len(y) // 2 if walks else task.split.warmup
    if last - first < asked.folds - 1:
        raise DataError(
            f"{asked.folds} folds of prompt {target.prompt} + generate {target.generate} do not "
            f"fit into {len(y)} training rows; write fewer, or shorter ones"
        )
    starts = np.linspace(first, last, asked.folds).astype(int)
    windows = [_window(train.x, y, outside, int(start), target) for start in starts]
    if not walks:
        return [_fold(trial, task, train, windows)]
    return [
        _fold(trial, task, _first(train, int(start)), [window])
        for start, window in zip(starts, windows, strict=True)
    ]


def _outside(x: Any, target: GenerateTarget) -> Any:
    """Return the inputs that stay outside the loop, if there are any."""
    if not isinstance(x, dict) or target.loop is None:
        return None
    return {name: rows for name, rows in x.items() if name not in target.loop} or None


def _window(x: Any, y: Any, outside: Any, start: int, target: GenerateTarget) -> Window:
    """Return what is generated behind a prompt from row `start`: ``y[i]`` is what follows row i."""
    first = start + target.prompt - 1
    known = y[max(0, start - 1) : first]
    after = picked(outside, slice(first + 1, first + 1 + target.generate))
    truth = y[first : first + target.generate]
    return Window(known, truth, picked(x, slice(start, first + 1)), after, first + 1)


def _first(train: Examples, rows: int) -> Examples:
    return Examples(picked(train.x, slice(rows)), picked(train.y, slice(rows)))


def _fold(trial: Trial, task: Task, train: Examples, windows: list[Window]) -> GenerationTrial:
    data: TaskData = replace(trial.data, train=train, test=None, windows=tuple(windows))
    return GenerationTrial(data, task)


def validated(trial: Trial, task: Task, taught: Callable[[TaskData], Model]) -> Validated:
    """Return each metric over the closed loops of all folds, and the mean over columns if several.

    All loops count together, as the windows of a test do: where an error is measured by the spread
    of what came, it is the spread over all of them.

    Parameters
    ----------
    trial : Trial
    task : Task
    taught : callable
        Returns the model that has learned from the training part of a fold.
    """
    asked, parts = task.validation, folds(trial, task)
    said = [_said_by_each(fold, taught(fold.data), asked) for fold in parts]
    whole = _together(parts)
    scores = [
        _means(whole.score([*chain.from_iterable(loops)])) for loops in zip(*said, strict=True)
    ]
    if asked is None or asked.choose is None:
        return Validated("" if asked is None else words(asked), scores[0])
    metric = next(iter(task.scores))
    sign = -1.0 if metric in HIGHER_IS_BETTER else 1.0
    told = [sign * values[metric] for values in scores]
    best = int(np.argmin(np.where(np.isfinite(told), told, np.inf)))
    return Validated(words(asked), scores[best], best, tuple(scores))


def _said_by_each(fold: GenerationTrial, model: Model, asked: Validation | None) -> list[Any]:
    """Return what `model` generates in the windows of a fold, by each setting to choose from."""
    if asked is None or asked.choose is None:
        return [fold.guess(model)]
    name, rules = chooser(model.plan)
    return [_said_by(fold, model, name, rule) for rule in rules]


def _said_by(fold: GenerationTrial, model: Model, name: str, rule: Any) -> Any:
    settle(model, name, rule)
    return fold.guess(model)


def _together(parts: Sequence[GenerationTrial]) -> GenerationTrial:
    """Return the windows of all folds as one trial."""
    windows = tuple(window for fold in parts for window in fold.data.windows)
    return replace(parts[0], data=replace(parts[0].data, windows=windows))


def _means(scores: Any) -> dict[str, float]:
    every = list(scores.values())
    return {name: float(np.mean([np.mean(values[name]) for values in every])) for name in every[0]}
