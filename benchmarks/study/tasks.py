"""The series of the study: what is shown, what is wanted, and which rows are for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nodegraph import datasets
from nodegraph.arrays import Array

__all__ = ["TASKS", "Task"]

WARMUP = 100


class Task(NamedTuple):
    """A series with its rows: units learn on the first part, the readout on some rows of it.

    Parameters
    ----------
    u, y : ndarray, shape (n_steps, n)
        Input and what is wanted; inputs have mean 0 and variance 1 on the training rows.
    train, validation : int
        How many rows are for learning and for choosing the settings; the rest are for the test.
    labels : int
        How many of the training rows, the last ones, the readout sees.
    """

    u: Array
    y: Array
    train: int
    validation: int
    labels: int

    def rows(self) -> tuple[slice, slice, slice]:
        """Return the rows that the readout learns from, is chosen by, and is tested on."""
        chosen = self.train + self.validation
        first = max(WARMUP, self.train - self.labels)
        return slice(first, self.train), slice(self.train, chosen), slice(chosen, len(self.u))


def _ahead(x: Array, wanted: Array, horizon: int, sizes: tuple[int, int, int]) -> Task:
    """Return the task to tell `wanted`, `horizon` rows ahead; targets stay within their part."""
    train, validation, labels = sizes
    x = (x - x[:train].mean(axis=0)) / x[:train].std(axis=0)
    wanted = (wanted - wanted[:train].mean(axis=0)) / wanted[:train].std(axis=0)
    return Task(x[:-horizon], wanted[horizon:], train - horizon, validation, labels)


def _mackey_glass(horizon: int) -> Callable[[int], Task]:
    def task(seed: int) -> Task:
        x = datasets.mackey_glass(4500 + horizon, seed=seed, discard=500)
        return _ahead(x, x, horizon, (2000, 500, 2000))

    return task


def _lorenz(steps: int, seed: int) -> Array:
    x0 = 1.0 + np.random.default_rng(seed).uniform(-0.5, 0.5, 3)
    return datasets.lorenz(steps, h=0.02, x0=list(x0), discard=1000)[:, :1]


def _partly_seen(seed: int) -> Task:
    x = _lorenz(4525, seed)
    return _ahead(x, x, 25, (2000, 500, 2000))


def _few_labels(seed: int) -> Task:
    x = _lorenz(8525, seed)
    return _ahead(x, x, 25, (6000, 500, 150))


def _noisy(seed: int) -> Task:
    x = _lorenz(4510, seed)
    noise = 0.1 * x.std() * np.random.default_rng(seed).standard_normal(x.shape)
    return _ahead(x + noise, x, 10, (2000, 500, 2000))


def _narma(seed: int) -> Task:
    u, y = datasets.narma(4500, order=10, seed=seed)
    u = (u - u[:2000].mean()) / u[:2000].std()
    return Task(u, y, 2000, 500, 2000)


def _sunspots(seed: int) -> Task:
    x = datasets.sunspots()
    return _ahead(x, x, 12, (1800, 500, 1800))


def _laser(seed: int) -> Task:
    """Return a window of the Santa Fe laser; seeds from 1000 on see nothing of others' test."""
    from benchmarks.peers import santa_fe_laser

    x, rows = santa_fe_laser(), 9503
    spare = (len(x) - rows) // 2
    first = int(np.random.default_rng(seed).integers(spare)) + spare * (seed < 1000)
    x = x[first : first + rows]
    return _ahead(x, x, 3, (4000, 1500, 4000))


TASKS: dict[str, Callable[[int], Task]] = {
    "Mackey-Glass, 10 ahead": _mackey_glass(10),
    "Mackey-Glass, 50 ahead": _mackey_glass(50),
    "Lorenz, x alone, 25 ahead": _partly_seen,
    "Lorenz, noisy, 10 ahead": _noisy,
    "NARMA10": _narma,
    "sunspots, 12 months ahead": _sunspots,
    "Santa Fe laser, 3 ahead": _laser,
    "Lorenz, 25 ahead, 150 labels": _few_labels,
}
"""Task by name, as a function of the seed; sunspots are the same for all seeds.

Windows of the laser overlap; the rows on which settings are chosen (seeds from 1000 on) end before
the test rows of the other seeds begin.
"""
