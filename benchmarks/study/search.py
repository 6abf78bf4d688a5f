"""Search of settings on other seeds than those that count."""

from __future__ import annotations

from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.study.models import MODELS
from benchmarks.study.tasks import TASKS
from benchmarks.study.trial import Outcome, trial

__all__ = ["Found", "study"]

BUDGET, FINALISTS = 8, 3  # settings tried, and how many of them again
FIRST, AGAIN = 1000, (1001, 1002)  # seeds of the search
FRESH = range(10)


class Found(NamedTuple):
    """What one model did on one task."""

    task: str
    model: str
    settings: dict[str, Any]
    outcomes: tuple[Outcome, ...]  # of the fresh seeds


def study(task: str, model: str, budget: int = BUDGET) -> Found:
    """Return what a model does on fresh seeds, with the best of `budget` random settings.

    The defaults of the node are the first of them.
    """
    make, draw = MODELS[model]
    rng = np.random.default_rng(0)
    tried = [{}, *(draw(rng) for _ in range(budget - 1))]
    first = [_error(task, model, settings, (FIRST,)) for settings in tried]
    best = [tried[i] for i in np.argsort(first, kind="stable")[:FINALISTS]]
    errors = [_error(task, model, settings, (FIRST, *AGAIN)) for settings in best]
    settings = best[int(np.argmin(errors))]
    node = make(settings)
    return Found(task, model, settings, tuple(trial(node, TASKS[task](s), s) for s in FRESH))


def _error(task: str, model: str, settings: dict[str, Any], seeds: tuple[int, ...]) -> float:
    """Return the median error on the validation rows."""
    node = MODELS[model].make(settings)
    return median(trial(node, TASKS[task](seed), seed).validation for seed in seeds)
