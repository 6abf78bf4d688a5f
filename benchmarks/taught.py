"""What cells and taught layers are worth with their defaults, beside the same units frozen."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.study.models import MODELS
from benchmarks.study.tasks import TASKS
from benchmarks.study.trial import Outcome, trial
from benchmarks.tables import markdown

__all__ = ["SHOWN", "main", "outcomes"]

SEEDS = range(10)
KINDS = (
    "ESN and taught layer",
    "ESN and taught attention",
    "GRU",
    "LSTM",
    "CTRNN",
    "MTRNN",
    "CfC",
    "LTC",
)
SHOWN = (
    "ESN, 100 units",
    "ESN, 400 units",
    *(f"{kind}, {learns}" for kind in KINDS for learns in ("frozen", "learned")),
)


def outcomes(task: str, model: str) -> list[Outcome]:
    """Return what a population of the study reaches with its defaults on each seed."""
    return [trial(MODELS[model].make({}), TASKS[task](seed), seed) for seed in SEEDS]


def _row(model: str) -> list[Any]:
    found = {task: outcomes(task, model) for task in TASKS}
    cells = [_spread([one.test for one in found[task]]) for task in TASKS]
    every = [one for ones in found.values() for one in ones]
    return [model, *cells, min(o.learning for o in every), min(o.running for o in every)]


def _spread(errors: list[float]) -> str:
    low, middle, high = np.quantile(errors, [0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def main() -> str:
    """Return the table as Markdown."""
    head = ["population", *TASKS, "us a step to learn", "to run"]
    rows = [_row(model) for model in SHOWN]
    return markdown("Populations of 100 variables with their defaults: 10 seeds", head, rows)


if __name__ == "__main__":
    print(main())
