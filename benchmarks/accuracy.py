"""How right the shipped presets are: errors beside the figures they have to reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph import datasets, metrics
from nodegraph.experiments.tasks.experiment import run_spec
from nodes import Input, Reservoir, Ridge

__all__ = ["PRESETS", "laser_folder", "main", "measure"]

SEEDS = range(10)
GRAPHS = Path(__file__).parents[1] / "graphs"
LARGE_NARMA = (
    "nodes.reservoir.units=1000",
    "nodes.readout.ridge=1e-8",
    "task.data.steps=8400",
    "task.split.train=6400",
)
LORENZ_SEEDS = range(3)
LYAPUNOV = 0.9056


class Preset(NamedTuple):
    """A reservoir and its readout, found by random search on other series than the test."""

    reservoir: dict[str, Any]
    ridge: float

    def graph(self) -> ng.Graph:
        """Return input, reservoir and readout as a chain."""
        return Input() >> Reservoir(name="reservoir", **self.reservoir) >> Ridge(ridge=self.ridge)


def _reservoir(
    units: int, radius: float, leak: float, inputs: float, bias: float, connectivity: float = 0.1
) -> dict[str, Any]:
    return {
        "units": units,
        "spectral_radius": radius,
        "leak_rate": leak,
        "input_scaling": inputs,
        "bias_scaling": bias,
        "connectivity": connectivity,
    }


PRESETS = {
    "mackey_glass 10, 100": Preset(_reservoir(100, 0.89, 0.38, 0.55, 0.52, 0.5), 1e-9),
    "mackey_glass 50, 100": Preset(_reservoir(100, 1.32, 0.19, 1.06, 0.92, 0.05), 1e-7),
    "mackey_glass 10, 400": Preset(_reservoir(400, 1.01, 0.48, 0.38, 0.43, 0.2), 1e-9),
    "mackey_glass 50, 400": Preset(_reservoir(400, 1.33, 0.33, 1.03, 0.96, 0.2), 1e-8),
    "narma10, 100": Preset(_reservoir(100, 0.82, 1.0, 0.14, 0.2), 1e-9),
    "narma10, 200": Preset(_reservoir(200, 0.82, 1.0, 0.14, 0.2), 1e-9),
}


class Row(NamedTuple):
    """A question, what was found over seeds, and what it has to reach."""

    what: str
    unit: str
    found: Sequence[float]
    target: float
    higher_is_better: bool = False
    summary: Callable[..., Any] = np.median

    @property
    def reached(self) -> bool:
        """Whether the summary of all seeds is as good as the target."""
        figure = float(self.summary(self.found))
        return figure >= self.target if self.higher_is_better else figure <= self.target

    def cells(self) -> list[Any]:
        """Return the row of the table."""
        sign = "≥" if self.higher_is_better else "≤"
        low, high = float(np.min(self.found)), float(np.max(self.found))
        return [
            self.what,
            self.unit,
            float(self.summary(self.found)),
            f"{low:.3g} to {high:.3g}",
            f"{sign} {self.target:g}",
            "yes" if self.reached else "**no**",
        ]


def mackey_glass(seed: int, horizon: int, preset: Preset) -> float:
    """Return the NRMSE over 2000 rows, learned from the 2000 before them."""
    x = datasets.mackey_glass(4000 + horizon, discard=500)
    x = (x - x[:2000].mean(axis=0)) / x[:2000].std(axis=0)
    learned = 2000 - horizon  # targets, too, lie within the training rows
    model = ng.Model(preset.graph(), seed=seed).fit(x[:learned], x[horizon:2000], warmup=100)
    model.run(x[learned:2000])
    return float(metrics.nrmse(x[2000 + horizon :], model.run(x[2000:4000])))


def narma10(seed: int, preset: Preset) -> float:
    """Return the NRMSE over 2000 rows, learned from 3000; each seed has another input."""
    u, y = datasets.narma(5000, order=10, seed=seed)
    model = ng.Model(preset.graph(), seed=seed).fit(u[:3000], y[:3000], warmup=200)
    return float(metrics.nrmse(y[3000:], model.run(u[3000:])))


def shipped(name: str, seed: int, *settings: str, data: Path | None = None) -> float:
    """Return the first score of a graph that ships, with another seed."""
    given = [f"seed={seed}", "task.baselines=[]", *settings]
    spec = ng.read_yaml(GRAPHS / f"{name}.yaml", given)
    values = run_spec(spec, data=data).scores[0].values
    return float(next(iter(values.values())))


def lorenz(seed: int) -> list[float]:
    """Return valid prediction times, in Lyapunov times, of 20 windows behind the training rows.

    The horizon is 2000 steps, 36 Lyapunov times: longer than any holds.
    """
    result = run_spec(ng.read_yaml(GRAPHS / "lorenz.yaml", [f"seed={seed}", "task.baselines=[]"]))
    x = datasets.lorenz(25000, h=0.02, discard=1000)
    times = []
    for start in np.linspace(5000, 25000 - 2200, 20).astype(int):
        forecast = result.model.reset().generate(2000, prompt=x[start : start + 200])
        came = x[start + 200 : start + 2200]
        times.append(
            metrics.valid_prediction_time(came, forecast, threshold=0.4, dt=0.02, lyapunov=LYAPUNOV)
        )
    return times


def _mackey_glass_rows() -> Iterator[Row]:
    targets = {(10, 100): 0.002, (50, 100): 0.032, (50, 400): 0.005}
    for (horizon, units), target in targets.items():
        preset = PRESETS[f"mackey_glass {horizon}, {units}"]
        found = [mackey_glass(seed, horizon, preset) for seed in SEEDS]
        yield Row(f"Mackey-Glass, {horizon} ahead, {units} units", "NRMSE", found, target)
    found = [shipped("mackey_glass_10", seed) for seed in SEEDS]
    yield Row("Mackey-Glass, 10 ahead, 400 units", "NRMSE", found, 2.7e-5)
    found = [np.log10(shipped("mackey_glass_84", seed)) for seed in SEEDS]
    yield Row("Mackey-Glass, 84 steps alone, 1000 units", "log10 NRMSE", found, -5.2)


def _narma_rows() -> Iterator[Row]:
    found = [narma10(seed, PRESETS["narma10, 100"]) for seed in SEEDS]
    yield Row("NARMA10, 100 units", "NRMSE", found, 0.33)
    for units, target, more in ((200, 0.11, ()), (1000, 0.08, LARGE_NARMA)):
        found = [shipped("narma10", s, f"task.data.seed={s}", *more) for s in SEEDS]
        yield Row(f"NARMA10, {units} units, read with delays", "NRMSE", found, target)


def _lorenz_rows() -> Iterator[Row]:
    found = [time for seed in LORENZ_SEEDS for time in lorenz(seed)]
    what = "Lorenz-63, 500 units, 20 windows x 3 seeds"
    yield Row(f"{what}, mean", "Lyapunov times", found, 26.0, True, np.mean)
    yield Row(f"{what}, tenth percentile", "Lyapunov times", found, 23.5, True, _tenth)
    found = [shipped("lorenz_nvar", 42)]
    what = "Lorenz-63, NVAR of degrees 2 to 5, mean of 20 windows"
    yield Row(what, "Lyapunov times", found, 27.0, True)


def _tenth(values: Sequence[float]) -> float:
    return float(np.quantile(values, 0.1))


def _vowel_rows() -> Iterator[Row]:
    found, seconds = [], []
    for seed in SEEDS:
        start = time.perf_counter()
        found.append(370 * (1 - shipped("japanese_vowels", seed)))
        seconds.append(time.perf_counter() - start)
    yield Row("Japanese Vowels, 400 units, of 370", "errors", found, 1.0)
    yield Row("Japanese Vowels, learning and testing", "s", seconds, 5.0)


def _memory_rows() -> Iterator[Row]:
    found = [shipped("memory_capacity", seed, f"task.data.seed={seed}") for seed in SEEDS]
    yield Row("linear memory capacity, 100 units", "rows", found, 98.0, True)


def laser_folder() -> Path | None:
    """Return where ReservoirPy, if it is installed, keeps the Santa Fe laser."""
    peer = find_spec("reservoirpy")
    return None if peer is None or peer.origin is None else Path(peer.origin).parent / "datasets"


def _laser_rows() -> Iterator[Row]:
    folder = laser_folder()
    if folder is None:
        return
    found = [shipped("laser", seed, data=folder) for seed in SEEDS]
    yield Row("Santa Fe laser, one step ahead, 500 units", "NRMSE", found, 0.05)


def measure() -> Iterator[Row]:
    """Yield all rows of the table."""
    parts = _mackey_glass_rows, _narma_rows, _lorenz_rows, _vowel_rows, _memory_rows, _laser_rows
    for part in parts:
        yield from part()


def main() -> str:
    """Return the table as Markdown."""
    head = ["task", "unit", "found", "range", "to reach", "reached"]
    rows = [row.cells() for row in measure()]
    return markdown("Accuracy: medians over 10 seeds", head, rows)


if __name__ == "__main__":
    print(main())
