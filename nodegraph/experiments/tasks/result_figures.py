"""Pictures of what came of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph import plotting
from nodegraph.experiments.tasks.result import Result
from nodegraph.experiments.tasks.trials import (
    ClassTrial,
    ForecastTrial,
    GenerationTrial,
    SeriesTrial,
)
from nodegraph.files.table_times import time_index
from nodegraph.plotting.window import apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["outcome", "portraits"]

STEPS = 300  # of a series that are drawn
PROMPT = 100  # rows of a prompt that are drawn
MOST_UNITS = 600  # of a reservoir whose eigenvalues are drawn


@apart()
def outcome(result: Result) -> Axes:
    """Return the picture of the guess beside the truth."""
    trial = result.trial
    if isinstance(trial, ForecastTrial):
        return _forecast(result, trial)
    if isinstance(trial, SeriesTrial):
        return _first_series(result, trial)
    if isinstance(trial, GenerationTrial):
        return _generated(result, trial)
    if isinstance(trial, ClassTrial):
        return plotting.confusion(trial.labels[1], result.guess.argmax(axis=1), trial.data.classes)
    raise TypeError(f"{type(trial).__name__} has no picture")


def _forecast(result: Result, trial: ForecastTrial) -> Axes:
    name, guess = next(iter(result.guess.items()))
    truth = trial.truth(result.guess)[name][:STEPS]
    titles, rows = trial.titles(name), slice(trial.start, trial.start + len(truth))
    index = time_index(titles.times[rows]) if titles.times else None
    axes = plotting.prediction(
        truth,
        guess[:STEPS],
        start=trial.start,
        names=titles.names,
        index=index,
        band=_band(result, name),
    )
    called = getattr(trial.task.data, "time", None)
    if index is not None and isinstance(called, str):
        axes.set_xlabel(called)
    return axes


def _first_series(result: Result, trial: SeriesTrial) -> Axes:
    name, series = next(iter(result.guess.items()))
    return plotting.prediction(
        trial.right(result.model)[name][0][:STEPS],
        series[0][:STEPS],
        start=trial.task.split.warmup,
        names=trial.titles(name).names,
        band=_band(result, name),
    )


def _generated(result: Result, trial: GenerationTrial) -> Axes:
    window = trial.data.windows[0]
    prompt = trial.learned if window.prompt is None else window.prompt
    titles = trial.titles("")
    axes = plotting.generation(prompt[-PROMPT:], window.truth, result.guess[0], names=titles.names)
    if titles.times:
        ended = titles.times[window.first - 1]
        axes.set_xlabel(f"{axes.get_xlabel()}, which ends at {ended}")
    return axes


def _band(result: Result, name: str) -> Any:
    """Return the quantiles of what is drawn, where a readout has an interval."""
    bounds = result.bounds.get(name)
    rows = bounds[0] if isinstance(bounds, list) else bounds
    return None if rows is None or rows.shape[2] < 2 else rows[:STEPS]


@apart()
def portraits(result: Result) -> dict[str, Axes]:
    """Return pictures of the model by caption: states, eigenvalues, what it generates."""
    found: dict[str, Axes] = {}
    if isinstance(result.trial, GenerationTrial) and result.guess[0].shape[1] > 1:
        found["What the model generates, one variable over another"] = plotting.phase_portrait(
            result.guess[0], names=result.trial.titles("").names
        )
    reservoirs = [name for name in result.model.params if hasattr(result.model.params[name], "W")]
    for name in reservoirs[:1]:
        found[f"States of {name} at the start of the training data"] = plotting.states(
            _states(result, name)
        )
        W = result.model.params[name].W
        if 1 < W.shape[0] <= MOST_UNITS and W.shape[0] == W.shape[1]:
            found[f"Eigenvalues of {name}"] = plotting.eigenvalues(W)
    return {**found, **_curves(result)}


def _curves(result: Result) -> dict[str, Axes]:
    """Return a picture of each quantity that was watched while the model learned."""
    curves = result.model.curves
    watched = dict.fromkeys(what for curve in curves.values() for what in curve if what != "step")
    return {
        f"While it learned: {what}": plotting.learning_curves(curves, what=what) for what in watched
    }


def _states(result: Result, name: str) -> Any:
    """Return the first outputs of a node, and leave the model where it stands."""
    model, x = result.model, result.trial.data.train.x
    after = model.snapshot()
    rows = _first(x)
    if rows is None:
        states = model.reset().run(steps=STEPS, outputs=[name])[name]
    else:
        states = model.reset().run(rows, outputs=[name])[name]
    model.restore(after)
    return states


def _first(x: Any) -> Any:
    if isinstance(x, dict):
        return {name: _first(rows) for name, rows in x.items()}
    if isinstance(x, list):
        return x[0]
    return None if x is None else np.asarray(x)[:STEPS]
