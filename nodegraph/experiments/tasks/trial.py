"""What a learned model is put to, and what is to be known of it there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.scoring import score, score_columns
from nodegraph.experiments.tasks.examples import TaskData, Titles
from nodegraph.files.yaml.task import Task
from nodegraph.model import Model
from nodegraph.model.uncertainty import keeps_intervals

__all__ = ["Scores", "Trial", "each_side_by_side", "scored_nodes", "side_by_side", "uncertain"]

RESTS = "online: it learned step by step from the training rows, and rests while it is scored"
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
    unbounded: ClassVar[str] = "what it says is not scored"  # why there are no intervals to score

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
        return f"{len(side_by_side(y))} rows{first}"

    @abstractmethod
    def guess(self, model: Model) -> Any:
        """Return what `model` says of the data, after it has learned."""

    def bounds(self, model: Model) -> dict[str, Any]:
        """Return by node the quantiles that it learned to expect, in the form of a guess."""
        return {}

    def notes(self, model: Model, guess: Any) -> list[str]:
        """Return what is to be known of the scores, in sentences."""
        kept = [name for name in model.plan.nodes if keeps_intervals(model.plan, name)]
        silent = [name for name in kept if name not in self.bounded(model)]
        found = [f"intervals of {', '.join(silent)}: {self.unbounded}"] if silent else []
        return [RESTS, *found] if self.task.online and not self.data.windows else found

    def bounded(self, model: Model) -> list[str]:
        """Return the nodes whose intervals are scored."""
        return []

    def stayed(self, guess: Any) -> tuple[Trial, Any] | None:
        """Return what is left of trial and guess without what left all bounds, if anything did."""
        return None

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


def scored_nodes(y: Any, model: Model) -> list[str]:
    """Return the supervised nodes whose outputs are scored, those at the output ends if any are."""
    if isinstance(y, Mapping):
        return list(y)
    taught = [name for name, rule in model.plan.rules.items() if rule.supervised]
    return [name for name in taught if name in model.plan.outputs] or taught[-1:]


def uncertain(model: Model, names: Iterable[str]) -> list[str]:
    """Return those of `names` that are readouts with intervals."""
    return [name for name in names if keeps_intervals(model.plan, name)]


def side_by_side(data: Any) -> Array:
    """Return rows of all nodes side by side."""
    parts = list(data.values()) if isinstance(data, Mapping) else [data]
    return np.hstack([np.asarray(part, dtype=float) for part in parts])


def each_side_by_side(data: Any) -> list[Array]:
    """Return series with all that goes in side by side."""
    if isinstance(data, Mapping):
        return [np.hstack(parts) for parts in zip(*data.values(), strict=True)]
    return list(data)
