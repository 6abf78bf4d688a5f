"""Series with a class each, told from what a model says at their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.experiments.tasks.baselines import LinearClassifier, majority
from nodegraph.experiments.tasks.trial import Trial, each_side_by_side
from nodegraph.model import Model

__all__ = ["ClassTrial"]


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
        linear = LinearClassifier.fit(each_side_by_side(self.data.train.x), self._one_hot(0))
        return linear.predict(each_side_by_side(self._test.x))

    def pairs(self, guess: Array) -> Iterator[tuple[str, Any, Any]]:
        """Yield all series, classes as rows of zeros with a one."""
        yield "", list(self._one_hot(1)[:, None]), list(guess[:, None])
