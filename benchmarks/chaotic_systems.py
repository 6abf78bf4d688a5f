"""For how long one preset forecasts each of the chaotic systems of `nodegraph.datasets`."""

from __future__ import annotations

from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodes import Input, Reservoir, Ridge

__all__ = ["main"]

SEEDS = 0, 1
WINDOWS, PROMPT, TRAIN, WARMUP = 10, 200, 5000, 200
MOST = 30  # Lyapunov times of a window, but at most LONGEST rows
LONGEST = 4000
PRESET: dict[str, Any] = {
    "units": 500,
    "spectral_radius": 0.9,
    "input_scaling": 0.3,
    "bias_scaling": 1.0,
    "connectivity": 0.02,
}
RIDGE = 1e-8


def graph() -> ng.Graph:
    """Return the graph that learns every system."""
    return Input() >> Reservoir(**PRESET) >> Ridge(ridge=RIDGE)


def valid_times(name: str) -> tuple[list[float], float, float]:
    """Return valid times, each of a seed and window, the time of a row, and the horizon."""
    system, largest = ng.datasets.system(name), ng.datasets.exponents(name)[0]
    ahead = min(LONGEST, round(MOST / (largest * system.dt)))
    shift = max(1, ahead // 4)
    rows = TRAIN + 1 + PROMPT + ahead + WINDOWS * shift
    u = ng.datasets.load(name, steps=rows, discard=1000)
    u = (u - u[:TRAIN].mean(axis=0)) / u[:TRAIN].std(axis=0)
    starts = TRAIN + 1 + shift * np.arange(WINDOWS)
    found = []
    for seed in SEEDS:
        model = ng.Model(graph(), seed=seed).fit(u[:TRAIN], u[1 : TRAIN + 1], warmup=WARMUP)
        for start in starts:
            truth = u[start + PROMPT : start + PROMPT + ahead]
            try:
                said = model.generate(ahead, prompt=[u[start : start + PROMPT]])[0]
            except ng.NodegraphError:  # it left all bounds
                found.append(0.0)
                continue
            found.append(
                ng.metrics.valid_prediction_time(
                    truth, said, dt=system.dt, lyapunov=largest, scale=_spread(u)
                )
            )
    return found, system.dt, ahead * largest * system.dt


def _spread(u: Any) -> float:
    return float(np.sqrt(((u - u.mean(axis=0)) ** 2).sum(axis=1).mean()))


def main() -> str:
    """Return the table as Markdown."""
    rows = []
    for name in ng.datasets.systems():
        found, dt, horizon = valid_times(name)
        low, middle, high = np.percentile(found, (10, 50, 90))
        rows.append(
            [name, dt, ng.datasets.exponents(name)[0], float(middle), f"{low:.1f} to {high:.1f}",
             float(horizon)]
        )  # fmt: skip
        print(rows[-1], flush=True)
    head = [
        "system",
        "time of a row",
        "exponent",
        "valid time",
        "80 % of windows",
        "horizon",
    ]
    title = f"Chaotic systems: median valid time in Lyapunov times, {len(SEEDS)} seeds"
    return markdown(f"{title} x {WINDOWS} windows", head, rows)


if __name__ == "__main__":
    print(main())
