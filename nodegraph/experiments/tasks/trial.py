"""What a learned model is put to, and what is to be known of it there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.scoring import score, score_columns
from nodegraph.experiments.tasks.baselines import (
    Autoregression,
    filled,
    mean,
    persistence,
)
from nodegraph.experiments.tasks.examples import Examples, TaskData, Titles
from nodegraph.files.yaml.task import Task, steps_ahead
from nodegraph.graph.protocols import keeps_intervals
from nodegraph.model import Model
from nodegraph.model.closed_loop import astray
from nodegraph.model.uncertainty import bounds_of

__all__ = [
    "ForecastTrial",
    "Scores",
    "Trial",
    "each_side_by_side",
    "scored_nodes",
    "side_by_side",
    "uncertain",
]

RESTS = "online: it learned step by step from the training rows, and rests while it is scored"
VALID = "valid_prediction_time"
LASTS = f"{VALID}: no model runs alone here; it is the row of the first error above the threshold"
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
        kept = [name for name, node in model.plan.nodes.items() if keeps_intervals(node)]
        silent = [name for name in kept if name not in self.bounded(model)]
        found = [f"intervals of {', '.join(silent)}: {self.unbounded}"] if silent else []
        if self.data.windows:
            return found
        rests, lasts = [RESTS] * self.task.online, [LASTS] * (VALID in self.task.scores)
        return [*rests, *lasts, *found]

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
    return [name for name in names if keeps_intervals(model.plan.nodes[name])]


def side_by_side(data: Any) -> Array:
    """Return rows of all nodes side by side."""
    parts = list(data.values()) if isinstance(data, Mapping) else [data]
    return np.hstack([np.asarray(part, dtype=float) for part in parts])


def each_side_by_side(data: Any) -> list[Array]:
    """Return series with all that goes in side by side."""
    if isinstance(data, Mapping):
        return [np.hstack(parts) for parts in zip(*data.values(), strict=True)]
    return list(data)


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

    def notes(self, model: Model, guess: dict[str, Array]) -> list[str]:
        """Return what is to be known of the scores, and of outputs that stray in their own loop."""
        found = super().notes(model, guess)
        if not any(block.span for block in model.plan.blocks):
            return found
        truth = self.truth(guess)
        odd = {name: astray(model.plan, truth[name], said) for name, said in guess.items()}
        return [*found, *[f"{name}: {said}" for name, said in odd.items() if said][:1]]

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
