"""One trial: units learn by themselves or are taught, stay as they are, and a ridge reads them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.study.tasks import Task
from nodegraph import metrics
from nodegraph.arrays import Array
from nodegraph.errors import NodegraphError
from nodegraph.graph.graph import Composable
from nodes import Input, Output

__all__ = ["Outcome", "trial"]

RIDGES = 10.0 ** np.arange(-9, 3)  # strengths, one of which the validation rows choose


class Outcome(NamedTuple):
    """Errors as NRMSE, and the CPU time of a step in microseconds."""

    validation: float
    test: float
    learning: float
    running: float


def trial(population: Sequence[Composable], task: Task, seed: int) -> Outcome:
    """Return how well a ridge on ``[1, u, x]`` does, x being what the population gives out.

    Layers that are taught hear the same labels as the ridge.
    """
    model = ng.Model(Input(name="u") >> list(population) >> Output(name="x"), seed=seed)
    rules = model.plan.rules
    taught = {name: _labels(task) for name, rule in rules.items() if rule.supervised}
    try:
        if not taught:
            model.run(task.u[:1])  # draws the weights
        seen = task.u[: task.train]
        learning = _timed(lambda: model.reset().fit(seen, taught or None)) if rules else 0.0
        start = time.process_time()
        x = model.reset().run(task.u)
        running = time.process_time() - start
    except NodegraphError:  # it has diverged with these settings
        return Outcome(np.inf, np.inf, np.nan, np.nan)
    features = np.hstack([np.ones((len(x), 1)), task.u, x])
    validation, test = _read(features, task)
    steps = len(task.u)
    return Outcome(validation, test, learning / task.train * 1e6, running / steps * 1e6)


def _labels(task: Task) -> Array:
    """Return what is wanted on the training rows, NaN where the readout sees none either."""
    learned, _, _ = task.rows()
    y = task.y[: task.train].copy()
    y[: learned.start] = np.nan
    return y


def _timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _read(features: Array, task: Task) -> tuple[float, float]:
    """Return the errors of the ridge that does best on the validation rows."""
    learned, chosen, tested = task.rows()
    F, Y = features[learned], task.y[learned]
    values, vectors = np.linalg.eigh(F.T @ F)
    values, right = np.maximum(values, 0), vectors.T @ (F.T @ Y)
    errors = []
    for ridge in RIDGES:
        weights = vectors @ (right / (values + ridge)[:, None])
        error = [metrics.nrmse(task.y[rows], features[rows] @ weights) for rows in (chosen, tested)]
        errors.append((float(error[0]), float(error[1])))
    return min(errors)
