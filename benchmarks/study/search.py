"""Search of settings on other seeds than those that count."""

from __future__ import annotations

from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.study.models import MODELS
from benchmarks.study.tasks import TASKS
from benchmarks.study.trial import Outcome, trial

__all__ = ["BUDGET", "Found", "study"]

BUDGET, FINALISTS = 24, 3  # settings tried, and how many of them again
FIRST, AGAIN = 1000, (1001, 1002)  # seeds of the search
FRESH = range(10)
Settings = dict[str, Any]


class Found(NamedTuple):
    """What one model did on one task: with which settings, chosen by which error, on new seeds."""

    task: str
    model: str
    budget: int
    settings: Settings
    chosen_by: float  # median error on the validation rows of the seeds of the search
    outcomes: tuple[Outcome, ...]  # of the fresh seeds

    @property
    def error(self) -> float:
        """The median error on the test rows."""
        return median(outcome.test for outcome in self.outcomes)


def study(task: str, model: str, budget: int = BUDGET) -> Found:
    """Return what a model does on fresh seeds, with the best of `budget` random settings.

    The defaults of the node are the first of them.
    """
    make, draw = MODELS[model]
    rng = np.random.default_rng(0)
    tried = [{}, *(draw(rng) for _ in range(budget - 1))]

    def validated(settings: Settings, seed: int) -> float:
        return trial(make(settings), TASKS[task](seed), seed).validation

    first = [validated(settings, FIRST) for settings in tried]
    best = np.argsort(first, kind="stable")[:FINALISTS]
    errors = [median([first[i], *(validated(tried[i], seed) for seed in AGAIN)]) for i in best]
    at = int(np.argmin(errors))
    settings = tried[best[at]]
    node = make(settings)
    fresh = tuple(trial(node, TASKS[task](seed), seed) for seed in FRESH)
    return Found(task, model, budget, settings, errors[at], fresh)
