"""For how long the shipped graphs of the Kuramoto-Sivashinsky equation hold alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.experiments.tasks.experiment import run_spec

__all__ = ["main", "valid_times"]

GRAPHS = Path(__file__).parents[1] / "graphs"
NAMES = "kuramoto_sivashinsky", "kuramoto_sivashinsky_patches"


def valid_times(name: str, changes: Sequence[str] = ()) -> list[float]:
    """Return the valid prediction time of each window of a shipped graph, in Lyapunov times."""
    result = run_spec(ng.read_yaml(GRAPHS / f"{name}.yaml", ["task.baselines=[]", *changes]))
    trial = result.trial
    options = trial.task.scores["valid_prediction_time"]
    pairs = zip(trial.right(result.model), result.guess, strict=True)
    return [
        ng.metrics.valid_prediction_time(truth, said, **options)  # type: ignore[arg-type]
        for truth, said in pairs
    ]


def main() -> str:
    """Return the table as Markdown."""
    rows = []
    for name in NAMES:
        found = valid_times(name)
        low, middle, high = np.percentile(found, (10, 50, 90))
        rows.append([name, len(found), middle, float(np.mean(found)), f"{low:.1f} to {high:.1f}"])
    head = ["graph", "windows", "median", "mean", "80 % of the windows"]
    return markdown("Kuramoto-Sivashinsky: valid time in Lyapunov times", head, rows)


if __name__ == "__main__":
    print(main())
