"""What each kind of forward unit is worth with its defaults, beside the same units frozen."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.study.tasks import TASKS
from benchmarks.study.trial import Outcome, trial
from benchmarks.tables import markdown
from nodes import ForwardUnit

__all__ = ["ABLATIONS", "main", "outcomes"]

SEEDS = range(10)
HIDDEN, FEW = "Lorenz, x alone, 25 ahead", "Lorenz, 25 ahead, 150 labels"
ABLATIONS: dict[str, dict[str, Any]] = {
    "learned": {},
    "frozen": {"frozen": True},
    "no bus": {"bus": False},
    "no tanh features": {"feature_scaling": 0.0},
    "no gate": {"gate": False},
    "50 units": {"units": 50},
}


def outcomes(task: str, fields: dict[str, Any]) -> list[Outcome]:
    """Return what units with these fields, else defaults, reach on each seed."""
    units = {"units": 100, **fields}
    return [trial([ForwardUnit(**units)], TASKS[task](seed), seed) for seed in SEEDS]


def _row(task: str, what: str, fields: dict[str, Any]) -> list[Any]:
    found = outcomes(task, fields)
    errors = [outcome.test for outcome in found]
    spread = f"{min(errors):.3g} to {max(errors):.3g}"
    return [task, what, float(np.median(errors)), spread, min(o.learning for o in found)]


def main() -> str:
    """Return the table as Markdown."""
    rows = [_row(HIDDEN, f"forecast, {what}", fields) for what, fields in ABLATIONS.items()]
    rows += [_row(FEW, "forecast, learned", {}), _row(FEW, "forecast, frozen", {"frozen": True})]
    for kind in sorted(set(ForwardUnit.variants) - {"forecast"}):
        for what, frozen in (("learned", False), ("frozen", True)):
            fields = {"kind": kind, "frozen": frozen}
            rows += [_row(task, f"{kind}, {what}", fields) for task in (HIDDEN, "NARMA10")]
            rows.append(_row("Mackey-Glass, 10 ahead", f"{kind}, {what}", fields))
    head = ["task", "units", "median NRMSE", "range", "us a step and epochs to learn"]
    return markdown("Forward units with their defaults: 10 seeds, 100 units", head, rows)


if __name__ == "__main__":
    print(main())
