"""What layers gain that learn by themselves: each beside its frozen twin, over five seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import Dense, PredictiveCell
from nodes.rules import InfoNCE

__all__ = ["main"]

SEEDS = range(5)
STEPS, LEARNED = 30_000, 25_000


def recall(rng: np.random.Generator) -> Array:
    """Return cues A or B that come back after a gap of three steps."""
    rows: list[list[float]] = []
    while len(rows) < STEPS:
        cue = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]][rng.integers(2)]
        rows += [cue, *[[0.0, 0.0, 2.0]] * 3, cue, [0.0, 0.0, 0.0]]
    return np.array(rows[:STEPS])


def glass(rng: np.random.Generator) -> Array:
    """Return a Mackey-Glass series with noise of 5 %."""
    x = ng.datasets.mackey_glass(STEPS + 200)[rng.integers(200) :][:STEPS]
    noisy: Array = (x - x.mean()) / x.std() + 0.05 * rng.standard_normal((STEPS, 1))
    return noisy


def lorenz(rng: np.random.Generator) -> Array:
    """Return x of Lorenz's system."""
    flow = ng.datasets.lorenz(STEPS + 300, h=0.05, discard=500)[rng.integers(300) :][:STEPS, :1]
    scaled: Array = flow / flow.std()
    return scaled


def states(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return 30 signals, and which of 4 slow states hides in 3 directions under 10 louder ones."""
    state = np.zeros(8000, int)
    for t in range(1, len(state)):
        state[t] = state[t - 1] if rng.random() < 0.97 else rng.integers(4)
    Q = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    x = 1.2 * rng.standard_normal((4, 3))[state] @ Q[:3]
    x += 2 * rng.standard_normal((len(state), 10)) @ Q[3:13]
    x += 0.5 * rng.standard_normal(x.shape)
    return (x - x.mean(axis=0)) / x.std(axis=0), state


def linear(h: Array, target: Array, cut: int) -> Array:
    """Return what a linear readout of `h`, learned before `cut`, says behind it."""
    H = np.c_[np.ones(len(h)), h]
    said: Array = H[cut:] @ np.linalg.lstsq(H[:cut], target[:cut], rcond=None)[0]
    return said


def cell(
    series: Callable[..., Array], ahead: int, seed: int, frozen: bool, **fields: Any
) -> tuple[float, float]:
    """Return the error of the cell's own forecast and of a readout, as shares of the variance."""
    u = series(np.random.default_rng(seed))
    node = PredictiveCell(units=16, frozen=frozen, name="it", **fields)
    model = ng.Model(node, seed=seed)
    model.partial_fit(u[:LEARNED])
    h, p = model.reset().run(u), model.params["it"]
    own = u[LEARNED + 1 :] - h[LEARNED:-1] @ p.V.T - p.offset
    told = linear(h[:-ahead], u[ahead:], LEARNED) - u[LEARNED + ahead :]
    return float((own**2).mean() / u.var()), float((told**2).mean() / u.var())


def contrast(seed: int) -> tuple[float, ...]:
    """Return percentages right: learned, random, principal components, all signals."""
    x, state = states(np.random.default_rng(seed))
    cut, target = 6000, np.eye(4)[state]
    learned = ng.Model(Dense(units=6, rule=InfoNCE(epochs=3)), seed=seed).fit(x[:cut]).run(x)
    random = ng.Model(Dense(units=6), seed=seed).run(x)
    axes = np.linalg.svd(x[:cut], full_matrices=False)[2][:6]
    seen = learned, random, x @ axes.T, x
    right = [linear(h, target, cut).argmax(axis=1) == state[cut:] for h in seen]
    return tuple(100 * float(hits.mean()) for hits in right)


def _rows() -> Iterator[list[Any]]:
    tasks: tuple[tuple[str, Callable[..., Array], int, dict[str, Any]], ...] = (
        ("cues that return", recall, 1, {}),
        ("Mackey-Glass, 5 % noise", glass, 5, {"leak_rate": 0.3}),
        ("Lorenz's x", lorenz, 5, {}),
    )
    for name, series, ahead, fields in tasks:
        twins = (False, True)
        found = [[cell(series, ahead, s, twin, **fields) for s in SEEDS] for twin in twins]
        for i, what in enumerate(("own forecast", f"readout, {ahead} ahead")):
            errors = [[pair[i] for pair in side] for side in found]
            yield [f"EProp, {name}: {what}", "share of variance", *map(_range, errors), ""]
    right = list(zip(*(contrast(seed) for seed in SEEDS), strict=True))
    rest = f"components {_range(right[2])}, all signals {_range(right[3])}"
    yield ["InfoNCE, slow states", "% right", _range(right[0]), _range(right[1]), rest]


def _range(values: Any) -> str:
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def main() -> str:
    """Return the table as Markdown."""
    head = ["rule and task", "unit", "learned", "frozen", "beside"]
    return markdown("Layers that learn: medians over 5 seeds", head, list(_rows()))


if __name__ == "__main__":
    print(main())
