"""Independent series that a model has not learned from: targets at their steps, or a class each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.experiments.tasks.baselines import (
    Autoregression,
    LinearClassifier,
    filled,
    majority,
    persistence,
)
from nodegraph.experiments.tasks.examples import Examples
from nodegraph.experiments.tasks.trial import Trial, each_side_by_side, scored_nodes, uncertain
from nodegraph.files.yaml.task import steps_ahead
from nodegraph.model import Model
from nodegraph.model.uncertainty import bounds_of

__all__ = ["ClassTrial", "SeriesTrial", "persisting"]

Series = list[Array]


class SeriesTrial(Trial):
    """Targets at every step of independent series, the first `warmup` of each left out.

    A guess is a dict by node of lists of arrays; without series held back, those learned from are
    scored.
    """

    rivals: ClassVar[Mapping[str, str]] = {**Trial.rivals, "linear": "ridge on the last rows"}

    @property
    def learned_from(self) -> str:
        """What the model learns from, in words."""
        first = self.task.split.warmup
        count = len(next(iter(self._targets(self.data.train, ("",)).values())))
        return f"{count} series" + f", the first {first} steps of each as warmup" * bool(first)

    @property
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""
        truth = next(iter(self._targets(self._part, ("",)).values()))
        rows = sum(int(np.isfinite(y).all(axis=1).sum()) for y in self._late(truth))
        which = "test" if self.data.test else "training"
        return f"{rows} rows of {len(truth)} {which} series"

    @property
    def _part(self) -> Examples:
        return self.data.test or self.data.train

    def _late(self, series: Iterable[Array]) -> Series:
        """Return the rows of each series that are scored."""
        return [rows[self.task.split.warmup :] for rows in series]

    def _targets(self, part: Examples, names: Iterable[str]) -> dict[str, Series]:
        return dict(part.y) if isinstance(part.y, Mapping) else dict.fromkeys(names, part.y)

    def guess(self, model: Model) -> dict[str, Series]:
        """Return the outputs of the supervised nodes, or of those at the output ends."""
        found = model.run(self._part.x, outputs=scored_nodes(self.data.train.y, model))
        return {name: self._late(series) for name, series in found.items()}

    def bounded(self, model: Model) -> list[str]:
        """Return the nodes whose intervals are scored."""
        return uncertain(model, scored_nodes(self.data.train.y, model))

    def bounds(self, model: Model) -> dict[str, Series]:
        """Return by node the quantiles of each row of each series, (n_rows, n_out, n_levels)."""
        found = bounds_of(model, self._part.x, outputs=self.bounded(model))
        return {name: self._late(series) for name, series in found.items()}

    def right(self, model: Model) -> dict[str, Series]:
        """Return the targets that are scored, by node."""
        truth = self._targets(self._part, scored_nodes(self.data.train.y, model))
        return {name: self._late(series) for name, series in truth.items()}

    def pairs(self, guess: dict[str, Series]) -> Iterator[tuple[str, Any, Any]]:
        """Yield all rows with a target, series after series."""
        for name, series in self._targets(self._part, guess).items():
            y, said = np.vstack(self._late(series)), np.vstack(guess[name])
            kept = np.isfinite(y).all(axis=1)
            yield name, y[kept], said[kept]

    def rival(self, name: str, guess: Mapping[str, Series]) -> dict[str, Series]:
        """Return the guess of a baseline, by node."""
        truth = self._targets(self._part, guess)
        return {node: self._late(self._rival(name, node, y)) for node, y in truth.items()}

    def _rival(self, name: str, node: str, truth: Series) -> Series:
        learned = self._targets(self.data.train, (node,))[node]
        if name in ("mean", "persistence"):
            rows = np.vstack(self._late(learned))
            middle = rows[np.isfinite(rows).all(axis=1)].mean(axis=0)
            target = (self.task.targets or {}).get(node, self.task.target)
            lag = max(1, steps_ahead(target))
            if name == "mean":
                return [np.tile(middle, (len(y), 1)) for y in truth]
            return [persisting(y, lag, middle) for y in truth]
        xs = [filled(x) for x in each_side_by_side(self.data.train.x)]
        rival = Autoregression.of_series(xs, learned, self.task.split.warmup)
        return [rival.predict(filled(x), 0) for x in each_side_by_side(self._part.x)]


def persisting(y: Array, lag: int, middle: Array) -> Array:
    """Return the value `lag` steps before each row, and `middle` where none is known yet."""
    known = np.isfinite(y).all(axis=1).cumsum() > 0
    before = np.concatenate([np.zeros(lag, bool), known])[: len(y)]
    return np.where(before[:, None], persistence(y, 0, lag), middle)


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
    unbounded: ClassVar[str] = (
        "a class has none; LogisticRegression(classes=...) tells how probable each class is"
    )

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
        learned, others = (
            [filled(x) for x in each_side_by_side(part.x)] for part in (self.data.train, self._test)
        )
        return LinearClassifier.fit(learned, self._one_hot(0)).predict(others)

    def pairs(self, guess: Array) -> Iterator[tuple[str, Any, Any]]:
        """Yield all series, classes as rows of zeros with a one."""
        yield "", list(self._one_hot(1)[:, None]), list(guess[:, None])
