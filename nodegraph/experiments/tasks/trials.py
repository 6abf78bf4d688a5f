"""A learned model put to the test, and its rivals beside it: forecasts, generation, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.experiments.tasks.baselines import (
    Autoregression,
    filled,
    mean,
    persistence,
)
from nodegraph.experiments.tasks.class_trial import ClassTrial
from nodegraph.experiments.tasks.examples import Examples, TaskData, Window
from nodegraph.experiments.tasks.series_trial import SeriesTrial, has_series
from nodegraph.experiments.tasks.trial import Trial, scored_nodes, side_by_side
from nodegraph.files.yaml.task import GenerateTarget, Task, steps_ahead
from nodegraph.model import Model

__all__ = [
    "ClassTrial",
    "ForecastTrial",
    "GenerationTrial",
    "SeriesTrial",
    "Trial",
    "trial_of",
]


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
        return scored_nodes(self.data.train.y, model)

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
        return filled(np.vstack([side_by_side(x) for x in parts]))

    def _rows(self, examples: Examples) -> Array:
        return side_by_side(examples.y)

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
        return side_by_side(self.data.train.y)

    def _known(self) -> list[tuple[Window, Array]]:
        """Return each window and the rows right before it."""
        return [(w, self.learned if w.prompt is None else w.prompt) for w in self.data.windows]

    def pairs(self, guess: list[Array]) -> Iterator[tuple[str, Any, Any]]:
        """Yield all windows."""
        yield "", [window.truth for window in self.data.windows], guess


def trial_of(data: TaskData, task: Task) -> Trial:
    """Return the trial that the data of a task are for."""
    if data.labels is not None:
        return ClassTrial(data, task)
    if data.windows:
        return GenerationTrial(data, task)
    return SeriesTrial(data, task) if has_series(data.train) else ForecastTrial(data, task)


def _listed(each: list[Any]) -> Any:
    """Return what there is of each window in lists, by node where it is by node."""
    if isinstance(each[0], Mapping):
        return {node: [one[node] for one in each] for node in each[0]}
    return None if each[0] is None else each
