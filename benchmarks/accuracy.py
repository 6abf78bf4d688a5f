"""How right the shipped presets are: errors beside the figures they have to reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph import datasets, metrics
from nodegraph.arrays import Array
from nodes import NVAR, Input, Reduce, Reservoir, Ridge

__all__ = ["PRESETS", "main", "measure"]

SEEDS = range(10)
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
    "lorenz": Preset(_reservoir(500, 0.1, 1.0, 0.2, 1.0), 1e-10),
    "japanese_vowels": Preset(_reservoir(500, 0.2, 0.36, 0.41, 0.1), 0.01),
    "memory": Preset(_reservoir(100, 0.95, 1.0, 0.001, 0.0), 0.0),
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


def lorenz(seed: int, graph: ng.Graph) -> list[float]:
    """Return valid prediction times, in Lyapunov times, of 20 windows behind the training rows.

    The forecast begins with the readout of the last of 200 rows that it is shown; the horizon is
    750 steps, 13.58 Lyapunov times.
    """
    x = datasets.lorenz(25000, h=0.02, discard=1000)
    x = (x - x[:5000].mean(axis=0)) / x[:5000].std(axis=0)
    model = ng.Model(graph, seed=seed).fit(x[:4999], x[1:5000], warmup=200)
    return [_valid_time(model.reset(), x[start : start + 950]) for start in range(5000, 24000, 950)]


def _valid_time(model: ng.Model, window: Array) -> float:
    forecast = model.generate(750, prompt=window[:200])
    return metrics.valid_prediction_time(
        window[200:], forecast, threshold=0.4, dt=0.02, lyapunov=LYAPUNOV, scale=3**0.5
    )


def japanese_vowels(seed: int, preset: Preset) -> float:
    """Return the percentage of 370 test utterances whose speaker is told right."""
    x_train, y_train, x_test, y_test = datasets.japanese_vowels(targets="one_hot")
    reservoir = Input() >> Reservoir(name="reservoir", **preset.reservoir)
    summary = [Reduce(name="mean", kind="mean"), Reduce(name="last", kind="last")]
    graph = reservoir >> summary >> Ridge(ridge=preset.ridge)
    model = ng.Model(graph, seed=seed).fit(x_train, y_train)
    scores = np.stack([rows[-1] for rows in model.run(x_test)])
    return 100 * metrics.accuracy(np.concatenate(y_test), scores)


def memory(seed: int, preset: Preset) -> float:
    """Return the linear memory capacity for delays up to 200, 3500 rows learned, 2000 tested."""
    u = np.random.default_rng(seed).uniform(-0.5, 0.5, (5700, 1))
    model = ng.Model(Input() >> Reservoir(**preset.reservoir), seed=seed)
    return metrics.memory_capacity(u, model.run, delays=200, train=3500 / 5500).total


def _mackey_glass_rows() -> Iterator[Row]:
    targets = {(10, 100): 0.002, (10, 400): 0.0002, (50, 100): 0.032, (50, 400): 0.005}
    for (horizon, units), target in targets.items():
        preset = PRESETS[f"mackey_glass {horizon}, {units}"]
        found = [mackey_glass(seed, horizon, preset) for seed in SEEDS]
        yield Row(f"Mackey-Glass, {horizon} ahead, {units} units", "NRMSE", found, target)


def _narma_rows() -> Iterator[Row]:
    for units, target in ((100, 0.33), (200, 0.26)):
        found = [narma10(seed, PRESETS[f"narma10, {units}"]) for seed in SEEDS]
        yield Row(f"NARMA10, {units} units", "NRMSE", found, target)


def _lorenz_rows() -> Iterator[Row]:
    nvar = Input() >> NVAR(delay=2, order=(2, 3)) >> Ridge(ridge=1e-8)
    esn = PRESETS["lorenz"].graph()
    for what, graph, seeds, target in (
        ("Lorenz-63, 500 units, mean of 20 windows x 3 seeds", esn, LORENZ_SEEDS, 11.0),
        ("Lorenz-63, NVAR of degree 3, mean of 20 windows", nvar, range(1), 11.5),
    ):
        found = [time for seed in seeds for time in lorenz(seed, graph)]
        yield Row(what, "Lyapunov times", found, target, True, np.mean)


def _vowel_rows() -> Iterator[Row]:
    found, seconds = [], []
    for seed in SEEDS:
        start = time.perf_counter()
        found.append(japanese_vowels(seed, PRESETS["japanese_vowels"]))
        seconds.append(time.perf_counter() - start)
    yield Row("Japanese Vowels, 500 units", "% right", found, 99.0, True)
    yield Row("Japanese Vowels, learning and testing", "s", seconds, 5.0)


def _memory_rows() -> Iterator[Row]:
    found = [memory(seed, PRESETS["memory"]) for seed in SEEDS]
    yield Row("linear memory capacity, 100 units", "rows", found, 43.0, True)


def measure() -> Iterator[Row]:
    """Yield all rows of the table."""
    for part in (_mackey_glass_rows, _narma_rows, _lorenz_rows, _vowel_rows, _memory_rows):
        yield from part()


def main() -> str:
    """Return the table as Markdown."""
    head = ["task", "unit", "found", "range", "to reach", "reached"]
    rows = [row.cells() for row in measure()]
    return markdown("Accuracy: medians over 10 seeds", head, rows)


if __name__ == "__main__":
    print(main())
