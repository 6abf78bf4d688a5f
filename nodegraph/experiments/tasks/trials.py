"""A learned model put to the test, and its rivals beside it: forecasts, generation, classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.scoring import score, score_columns
from nodegraph.experiments.tasks.baselines import (
    Autoregression,
    LinearClassifier,
    filled,
    majority,
    mean,
    persistence,
)
from nodegraph.experiments.tasks.examples import Examples, TaskData, Titles, Window
from nodegraph.files.yaml.task import GenerateTarget, Task, steps_ahead
from nodegraph.model import Model

__all__ = ["ClassTrial", "ForecastTrial", "GenerationTrial", "Trial", "trial_of"]

Scores = dict[str, dict[str, Any]]  # by the node whose output is scored, by metric


@dataclass(frozen=True)
class Trial(ABC):
    """Data that a model has not learned from, and what is to be known of it there.

    Parameters
    ----------
    data : TaskData
    task : Task
    """

    data: TaskData
    task: Task

    rivals: ClassVar[Mapping[str, str]] = {
        "persistence": "persistence",
        "linear": "linear autoregression",
        "mean": "mean of the training data",
    }
    has_columns: ClassVar[bool] = True  # whether each column of a target is a quantity of its own

    @property
    @abstractmethod
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""

    @property
    def learned_from(self) -> str:
        """What the model learns from, in words."""
        y, warmup = self.data.train.y, self.task.split.warmup
        first = f", the first {warmup} of them as warmup" * bool(warmup)
        if isinstance(y, list):
            return f"{len(y)} series" + f", the first {warmup} steps of each as warmup" * bool(
                warmup
            )
        return f"{len(_side_by_side(y))} rows{first}"

    @abstractmethod
    def guess(self, model: Model) -> Any:
        """Return what `model` says of the data, after it has learned."""

    @abstractmethod
    def right(self, model: Model) -> Any:
        """Return the guess of `model` that would be right everywhere."""

    @abstractmethod
    def rival(self, name: str, guess: Any) -> Any:
        """Return what a baseline says of them, in the form of `guess`."""

    @abstractmethod
    def pairs(self, guess: Any) -> Iterator[tuple[str, Any, Any]]:
        """Yield what was right and what was guessed, by the node whose output is scored."""

    def score(self, guess: Any) -> Scores:
        """Return the metrics of the task for each node whose output is scored."""
        return {node: score(self.task.scores, y, said) for node, y, said in self.pairs(guess)}

    def score_columns(self, guess: Any) -> dict[str, dict[str, dict[str, float]]]:
        """Return the metrics by column of each node whose output has several."""
        found = {}
        for node, y, said in self.pairs(guess) if self.has_columns else ():
            each = score_columns(self.task.scores, y, said)
            names = self.titles(node).names
            width = len(next(iter(each.values()), ()))
            if width > 1:
                known = names is not None and len({*names}) == width
                called = names if names and known else tuple(map(str, range(width)))
                found[node] = {
                    name: {metric: float(values[i]) for metric, values in each.items()}
                    for i, name in enumerate(called)
                }
        return found

    def titles(self, node: str) -> Titles:
        """Return what the columns of a node's target, and its rows, are called."""
        return self.data.titles.get(node) or self.data.titles.get("", Titles())


class ForecastTrial(Trial):
    """Targets at every step; the test rows come right behind the rows learned from.

    A guess is a dict of arrays by node; without test rows, those learned from are scored.
    """

    @property
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""
        truth = list(self.truth(("",)).values())
        gaps = [int(np.isnan(y).any(axis=1).sum()) for y in truth]
        some = "up to " * (min(gaps) < max(gaps))
        rows = f"{len(truth[0])} {'test' if self.data.test else 'training'} rows"
        return rows + f" ({some}{max(gaps)} without a target left out)" * (max(gaps) > 0)

    @property
    def start(self) -> int:
        """The first row that is scored."""
        return len(self._rows(self.data.train)) if self.data.test else self.task.split.warmup

    def truth(self, names: Iterable[str]) -> dict[str, Array]:
        """Return the targets that are scored, by node."""
        return {name: y[self.start :] for name, y in self._targets(names).items()}

    def guess(self, model: Model) -> dict[str, Array]:
        """Return the outputs of the supervised nodes, or of those at the output ends."""
        if self.data.test is not None:
            return self._said(model, self.data.test)
        found = self._said(model.reset(), self.data.train)
        return {name: rows[self.start :] for name, rows in found.items()}

    def _said(self, model: Model, part: Examples) -> dict[str, Array]:
        steps = len(self._rows(part)) if part.x is None else None
        found: dict[str, Array] = model.run(part.x, steps=steps, outputs=self._scored(model))
        return found

    def right(self, model: Model) -> dict[str, Array]:
        """Return the targets that are scored, by node."""
        return self.truth(self._scored(model))

    def _scored(self, model: Model) -> list[str]:
        if isinstance(self.data.train.y, Mapping):
            return list(self.data.train.y)
        taught = [name for name, rule in model.plan.rules.items() if rule.supervised]
        return [name for name in taught if name in model.plan.outputs] or taught[-1:]

    def rival(self, name: str, guess: Mapping[str, Array]) -> dict[str, Array]:
        """Return the guess of a baseline, by node."""
        return {node: self._rival(name, node, y) for node, y in self._targets(guess).items()}

    def _rival(self, name: str, node: str, y: Array) -> Array:
        n_train = len(self._rows(self.data.train))
        warmup = self.task.split.warmup
        if name == "mean":
            return mean(y[warmup:n_train], len(y) - self.start)
        if name == "persistence":
            return persistence(y, self.start, self._horizon(node))
        x = self._inputs(y, node)
        return Autoregression.fit(x[:n_train], y[:n_train], warmup).predict(x, self.start)

    def _horizon(self, node: str) -> int:
        """Return how long after its row a target is known."""
        target = (self.task.targets or {}).get(node, self.task.target)
        return max(1, steps_ahead(target))

    def _inputs(self, y: Array, node: str) -> Array:
        """Return all inputs side by side, or what is known of the target where there are none."""
        parts = [part.x for part in (self.data.train, self.data.test) if part is not None]
        if parts[0] is None:
            return persistence(y, 0, self._horizon(node))
        return filled(np.vstack([_side_by_side(x) for x in parts]))

    def _rows(self, examples: Examples) -> Array:
        return _side_by_side(examples.y)

    def _targets(self, names: Iterable[str]) -> dict[str, Array]:
        """Return the targets of all rows, by node; by each of `names` if they are not named."""
        parts = [part.y for part in (self.data.train, self.data.test) if part is not None]
        if isinstance(parts[0], Mapping):
            return {name: np.vstack([part[name] for part in parts]) for name in parts[0]}
        return dict.fromkeys(names, np.vstack(parts))

    def pairs(self, guess: dict[str, Array]) -> Iterator[tuple[str, Any, Any]]:
        """Yield targets and outputs by node; rows without a target count for nothing."""
        for name, y in self.truth(guess).items():
            kept = np.isfinite(y).all(axis=1)
            yield name, y[kept], guess[name][kept]


class GenerationTrial(Trial):
    """Windows in which the model runs alone; a guess is a list of arrays, one for each."""

    @property
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""
        count, n_steps = len(self.data.windows), len(self.data.windows[0].truth)
        return f"{count} window{'s' * (count > 1)} of {n_steps} generated steps"

    def guess(self, model: Model) -> list[Array]:
        """Return what the model generates, from a fresh state wherever there is a prompt."""
        windows = self.data.windows
        if windows[0].prompt is not None:
            seen = _listed([window.seen for window in windows])
            outside = _listed([window.outside for window in windows])
            return list(self._generate(model, seen, outside))
        after = model.snapshot()
        generated = self._generate(model, None, windows[0].outside)
        model.restore(after)
        return [generated]

    def right(self, model: Model) -> list[Array]:
        """Return what really came after each prompt."""
        return [window.truth for window in self.data.windows]

    def _generate(self, model: Model, prompt: Any, outside: Any) -> Any:
        """Return what comes behind each prompt; without one, what comes next."""
        target, steps = self.task.target, len(self.data.windows[0].truth)
        loop = target.loop if isinstance(target, GenerateTarget) else None
        given = {"prompt": prompt, "x": outside, "loop": loop}
        if loop is None:
            return model.generate(steps, **given)
        found = model.generate(steps, **given, outputs=list(dict.fromkeys(loop.values())))
        parts = [found[name] for name in loop.values()]
        if prompt is None:
            return np.hstack(parts)
        return [np.hstack(rows) for rows in zip(*parts, strict=True)]

    def rival(self, name: str, guess: list[Array]) -> list[Array]:
        """Return what a baseline says comes after each prompt."""
        if name == "mean":
            y = self.learned[self.task.split.warmup :]
            return [mean(y, len(window.truth)) for window in self.data.windows]
        if name == "persistence":
            return [np.tile(known[-1], (len(w.truth), 1)) for w, known in self._known()]
        series = self.learned
        shortest = min(len(known) for _, known in self._known())
        model = Autoregression.fit(
            series[:-1], series[1:], self.task.split.warmup, most_lags=shortest
        )
        return [model.generate(known, len(w.truth)) for w, known in self._known()]

    @property
    def learned(self) -> Array:
        """The rows that were learned, all that is generated side by side."""
        return _side_by_side(self.data.train.y)

    def _known(self) -> list[tuple[Window, Array]]:
        """Return each window and the rows right before it."""
        return [(w, self.learned if w.prompt is None else w.prompt) for w in self.data.windows]

    def pairs(self, guess: list[Array]) -> Iterator[tuple[str, Any, Any]]:
        """Yield all windows."""
        yield "", [window.truth for window in self.data.windows], guess


class ClassTrial(Trial):
    """Series with a class each; a guess is an array with a number for each series and class.

    It is the last output for each series, or with ``accuracy: {per: series}`` the mean of all.
    """

    rivals: ClassVar[Mapping[str, str]] = {
        "persistence": "persistence",
        "linear": "ridge on mean and last row",
        "mean": "the commonest class",
    }
    has_columns: ClassVar[bool] = False

    @property
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""
        which = "series held back" if self.data.held_back else "test series"
        return f"{len(self.labels[1])} {which}"

    def guess(self, model: Model) -> Array:
        """Return what the model says of each series of the test."""
        voted = self.task.scores.get("accuracy", {}).get("per") == "series"
        said = model.run(self._test.x)
        rows = next(iter(said.values())) if isinstance(said, Mapping) else said
        return np.array([each.mean(axis=0) if voted else each[-1] for each in rows])

    def right(self, model: Model) -> Array:
        """Return a row of zeros for each series of the test, with a one for its class."""
        return self._one_hot(1)

    def _one_hot(self, part: int) -> Array:
        rows: Array = np.eye(len(self.data.classes))[self.labels[part]]
        return rows

    @property
    def _test(self) -> Any:
        return self.data.test

    @property
    def labels(self) -> tuple[Array, Array]:
        """Class of each series to learn from and to score."""
        return self.data.labels or (np.zeros(0, int), np.zeros(0, int))

    def rival(self, name: str, guess: Array) -> Array:
        """Return the guess of a baseline; persistence has nothing to say of classes."""
        n_classes = len(self.data.classes)
        if name == "mean":
            return majority(self.labels[0], n_classes, len(self.labels[1]))
        linear = LinearClassifier.fit(_each_side_by_side(self.data.train.x), self._one_hot(0))
        return linear.predict(_each_side_by_side(self._test.x))

    def pairs(self, guess: Array) -> Iterator[tuple[str, Any, Any]]:
        """Yield all series, classes as rows of zeros with a one."""
        yield "", list(self._one_hot(1)[:, None]), list(guess[:, None])


def trial_of(data: TaskData, task: Task) -> Trial:
    """Return the trial that the data of a task are for."""
    if data.labels is not None:
        return ClassTrial(data, task)
    return GenerationTrial(data, task) if data.windows else ForecastTrial(data, task)


def _side_by_side(data: Any) -> Array:
    parts = list(data.values()) if isinstance(data, Mapping) else [data]
    return np.hstack([np.asarray(part, dtype=float) for part in parts])


def _each_side_by_side(data: Any) -> list[Array]:
    """Return series with all that goes in side by side."""
    if isinstance(data, Mapping):
        return [np.hstack(parts) for parts in zip(*data.values(), strict=True)]
    return list(data)


def _listed(each: list[Any]) -> Any:
    """Return what there is of each window in lists, by node where it is by node."""
    if isinstance(each[0], Mapping):
        return {node: [one[node] for one in each] for node in each[0]}
    return None if each[0] is None else each
