"""How often intervals hold what they say, on graphs that ship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.accuracy import laser_folder
from benchmarks.tables import markdown
from nodegraph.experiments.tasks.experiment import Experiment

__all__ = ["Covered", "covered", "main"]

LORENZ = "lorenz"  # its task chooses a strength by closed loops: here one of them
LASER = "laser"  # its data are those of ReservoirPy
TASKS = ("mackey_glass_10", "mackey_glass_50", "narma10", LASER, LORENZ, "sunspots")
LEVELS, SEEDS = [0.05, 0.95], (1, 2, 3)
BATCHES = 20  # of rows that follow each other
INPUTS = range(1, 21)  # seeds of the inputs of NARMA10; the task has 0
MONTHS = (1000, 1400, 1800, 2200)  # that are learned from; the next 900 are tested


class Covered(NamedTuple):
    """The share of test values inside the interval of 90 %, and inside adapted ones."""

    plain: float
    adapted: float
    error: float  # standard error of `plain`


def _error_of_mean(inside: Any) -> float:
    """Return the standard error of a mean of rows that depend on each other, by batch means [1]_.

    References
    ----------
    .. [1] B. Schmeiser, Batch size effects in the analysis of simulation output, Operations
       Research 30 (1982) 556-568.
    """
    means = [batch.mean() for batch in np.array_split(np.asarray(inside, float), BATCHES)]
    return float(np.std(means, ddof=1) / np.sqrt(BATCHES))


def covered(name: str, seed: int, changes: Sequence[str] = (), **fields: Any) -> Covered:
    """Return how often the intervals of a shipped graph hold, behind what it learned from."""
    given = {"intervals": LEVELS} | ({"ridge": 1e-24} if name == LORENZ else {}) | fields
    changes = [*changes, *(f"nodes.readout.{key}={value}" for key, value in given.items())]
    changes += ["task.validate=null"] * (name == LORENZ)
    spec = ng.read_yaml(f"graphs/{name}.yaml", changes)
    if name == LASER:
        spec = replace(spec, data=laser_folder())
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
    inside, adapted = ((q[..., 0] <= t) & (t <= q[..., 1]) for q in (plain, moved))
    return Covered(inside.mean(), adapted.mean(), _error_of_mean(inside.mean(axis=1)))


def _rows(part: Any) -> Any:
    return next(iter(part.values())) if isinstance(part, dict) else part


def _shares(found: Sequence[float]) -> str:
    return " ".join(f"{100 * one:.1f}" for one in found)


def of_tasks() -> str:
    """Return how often intervals of shipped graphs hold, as Markdown."""
    rows = []
    for name in TASKS:
        if name == LASER and laser_folder() is None:
            continue
        row = [name]
        for by in ("residuals", "posterior"):
            found = [covered(name, seed, intervals_by=by) for seed in SEEDS]
            error = float(np.mean([one.error for one in found]))
            row += [
                f"{_shares([one.plain for one in found])} ± {100 * error:.1f}",
                _shares([one.adapted for one in found]),
            ]
        rows.append(row)
    head = ["task", "residuals", "adapted", "posterior", "adapted"]
    return markdown(
        "Test values inside the interval of 90 %, in per cent, seeds 1 to 3", head, rows
    )


def of_other_data() -> str:
    """Return how often they hold over many inputs, and over parts of the one series there is."""
    narma = [covered("narma10", 1, [f"task.data.seed={seed}"]) for seed in INPUTS]
    suns = [
        covered("sunspots", 1, [f"task.split.train={n}", "task.split.test=900"]) for n in MONTHS
    ]
    rows = []
    for name, found in (("NARMA10, 20 inputs", narma), ("sunspots, 4 splits", suns)):
        plain = [one.plain for one in found]
        error = np.std(plain, ddof=1) / np.sqrt(len(plain))
        low, high = 100 * min(plain), 100 * max(plain)
        said = f"{100 * np.mean(plain):.1f} ± {100 * error:.1f}"
        rows.append([name, said, f"{low:.1f} to {high:.1f}"])
    return markdown("The same over other data, residuals", ["task", "mean", "range"], rows)


def main() -> str:
    """Return the tables as Markdown."""
    return f"{of_tasks()}\n\n{of_other_data()}"
