"""A learned model put to the test, and its rivals beside it: forecasts, generation, classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
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
from nodegraph.experiments.tasks.examples import Examples, TaskData
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.series_trial import SeriesTrial, has_series
from nodegraph.experiments.tasks.trial import Trial, scored_nodes, side_by_side, uncertain
from nodegraph.files.yaml.task import Task, steps_ahead
from nodegraph.model import Model
from nodegraph.model.uncertainty import bounds_of

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
        return self._said(model, model.run, self._scored(model))

    def bounded(self, model: Model) -> list[str]:
        """Return the nodes whose intervals are scored."""
        return uncertain(model, self._scored(model))

    def bounds(self, model: Model) -> dict[str, Array]:
        """Return by node the quantiles of each row, (n_rows, n_out, n_levels)."""
        return self._said(model, partial(bounds_of, model), self.bounded(model))

    def _said(
        self, model: Model, run: Callable[..., dict[str, Array]], names: list[str]
    ) -> dict[str, Array]:
        """Return what `run` says of the rows that are scored."""
        part = self.data.test
        if part is None:
            part = self.data.train
            model.reset()
        found = run(part.x, steps=len(self._rows(part)) if part.x is None else None, outputs=names)
        first = 0 if self.data.test is not None else self.start
        return {name: found[name][first:] for name in names}

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


def trial_of(data: TaskData, task: Task) -> Trial:
    """Return the trial that the data of a task are for."""
    if data.labels is not None:
        return ClassTrial(data, task)
    if data.windows:
        return GenerationTrial(data, task)
    return SeriesTrial(data, task) if has_series(data.train) else ForecastTrial(data, task)
