"""Whether units stay bounded over a million steps, on harmless and on harsh inputs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph import datasets
from nodegraph.arrays import Array, leaves
from nodes import ForwardUnit

__all__ = ["INPUTS", "main", "worst"]

CHUNK = 20_000


def _lorenz(steps: int) -> Array:
    x = datasets.lorenz(steps, discard=1000)[:, :1]
    return np.asarray((x - x.mean()) / x.std())


def _noise(steps: int) -> Array:
    return np.random.default_rng(1).standard_normal((steps, 1))


INPUTS: dict[str, Callable[[int], Array]] = {
    "Lorenz, x": _lorenz,
    "noise": _noise,
    "zero": lambda steps: np.zeros((steps, 1)),
    "constant": lambda steps: np.ones((steps, 1)),
    "noise, 100 times as large": lambda steps: 100 * _noise(steps),
}


def worst(kind: str, series: Array, steps: int, units: int = 20) -> dict[str, Any]:
    """Return the largest weight and output of units that learn for `steps` steps from `series`."""
    model = ng.Model(ForwardUnit(units=units, kind=kind), seed=1)
    largest, finite, start = 0.0, True, time.process_time()
    for at in range(0, steps, CHUNK):
        ys = model.partial_fit(series[np.arange(at, min(at + CHUNK, steps)) % len(series)])
        largest = max(largest, float(np.abs(ys).max()))
        finite &= bool(np.isfinite(ys).all())
    modifies = ForwardUnit(units=units, kind=kind).local_rule.modifies
    weights = dict(leaves(model.params["forward_unit"]))
    found = [weights[name] for name in modifies]
    return {
        "finite": finite and all(np.isfinite(array).all() for array in found),
        "weight": max(float(np.abs(array).max()) for array in found),
        "output": largest,
        "us": (time.process_time() - start) / steps * 1e6,
    }


def main(steps: int = 1_000_000) -> str:
    """Return the table as Markdown."""
    rows = []
    for name, make in INPUTS.items():
        series = make(min(steps, 100_000))
        for kind in sorted(ForwardUnit.variants):
            seen = worst(kind, series, steps)
            verdict = "yes" if seen["finite"] else "**no**"
            rows.append([name, kind, verdict, seen["weight"], seen["output"], seen["us"]])
    head = ["input", "kind", "finite", "largest weight", "largest output", "us a step"]
    return markdown(f"Stability: 20 units that learn for {steps:,} steps", head, rows)


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:])))
