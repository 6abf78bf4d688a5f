"""How often intervals hold what they say, on graphs that ship."""

from __future__ import annotations

from typing import Any

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.experiments.tasks.experiment import Experiment

__all__ = ["covered", "main"]

LORENZ = "lorenz"  # its task chooses a strength by closed loops: here one of them
TASKS = ("mackey_glass_10", "mackey_glass_50", "narma10", "laser", LORENZ, "sunspots")
LEVELS, SEEDS = [0.05, 0.95], (1, 2, 3)


def covered(name: str, seed: int, **fields: Any) -> tuple[float, float]:
    """Return the share of test values inside the interval of 90 %, and inside adapted ones."""
    given = {"intervals": LEVELS} | ({"ridge": 1e-24} if name == LORENZ else {}) | fields
    changes = [f"nodes.readout.{key}={value}" for key, value in given.items()]
    changes += ["task.validate=null"] * (name == LORENZ)
    spec = ng.read_yaml(f"graphs/{name}.yaml", changes)
    task = Experiment.of(spec, seed=seed)
    model, data = task.model, task.trial.data
    if name == LORENZ:  # one step ahead, with the data of its task
        series = ng.datasets.lorenz(steps=9000, h=0.02, discard=1000)
        x, y, u, t = series[:5000], series[1:5001], series[5000:-1], series[5001:]
    else:
        parts = (data.train.x, data.train.y, data.test.x, data.test.y) if data.test else ()
        x, y, u, t = map(_rows, parts)
    model.fit(x, y, warmup=task.task.split.warmup)
    before = model.snapshot()
    plain = model.intervals(u)
    moved = model.restore(before).intervals(u, t)
    found, adapted = (ng.metrics.coverage(t, q[..., 0], q[..., 1]) for q in (plain, moved))
    return found, adapted


def _rows(part: Any) -> Any:
    return next(iter(part.values())) if isinstance(part, dict) else part


def main() -> str:
    """Return the table as Markdown."""
    rows = []
    for name in TASKS:
        found = []
        for by in ("residuals", "posterior"):
            shares = [covered(name, seed, intervals_by=by) for seed in SEEDS]
            found += [" ".join(f"{100 * one[i]:.1f}" for one in shares) for i in (0, 1)]
        rows.append([name, *found])
    head = ["task", "residuals", "adapted", "posterior", "adapted"]
    return markdown(
        "Test values inside the interval of 90 %, in per cent, seeds 1 to 3", head, rows
    )
