"""Windows in which a learned model runs alone, its output led back as its input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.scoring import HIGHER_IS_BETTER, score
from nodegraph.errors import DivergenceError
from nodegraph.experiments.tasks.baselines import Autoregression, mean
from nodegraph.experiments.tasks.examples import Window, picked
from nodegraph.experiments.tasks.trial import Scores, Trial, side_by_side
from nodegraph.files.yaml.task import GenerateTarget
from nodegraph.model import Model

__all__ = ["GenerationTrial"]

OF_WHAT_ENDED = ("valid_prediction_time",)  # metrics that know forecasts which left all bounds


class GenerationTrial(Trial):
    """Windows in which the model runs alone; a guess is a list of arrays, one for each.

    Where an output left all bounds, the rows from there on are NaN.
    """

    unbounded: ClassVar[str] = (
        "they are of one step, and in a closed loop errors grow, so what is generated has none; "
        "ng.Ensemble(graph) tells them"
    )

    @property
    def scored_on(self) -> str:
        """What the scores are taken on, in words."""
        count, n_steps = len(self.data.windows), len(self.data.windows[0].truth)
        return f"{count} window{'s' * (count > 1)} of {n_steps} generated steps"

    def guess(self, model: Model) -> list[Array]:
        """Return what the model generates, from a fresh state wherever there is a prompt."""
        windows = self.data.windows
        try:
            return self._generate(model, windows, len(windows[0].truth))
        except DivergenceError:
            return [self._as_far_as_it_goes(model, window) for window in windows]

    def _as_far_as_it_goes(self, model: Model, window: Window) -> Array:
        """Return what is generated in a window, NaN from where an output left all bounds."""
        found = np.full(window.truth.shape, np.nan)
        held, most = 0, len(window.truth)
        tried = most
        while held < most:
            try:
                (rows,) = self._generate(model, [window], tried)
            except DivergenceError:
                most = tried - 1
            else:
                found[:tried], held = rows, tried
            tried = (held + most + 1) // 2
        return found

    def stayed(self, guess: list[Array]) -> tuple[Trial, list[Array]] | None:
        """Return the windows in which no output left all bounds, if one did in others."""
        kept = [i for i, rows in enumerate(guess) if np.isfinite(rows).all()]
        if not 0 < len(kept) < len(guess):
            return None
        windows = tuple(self.data.windows[i] for i in kept)
        trial = replace(self, data=replace(self.data, windows=windows))
        return trial, [guess[i] for i in kept]

    def notes(self, model: Model, guess: list[Array]) -> list[str]:
        """Return what is to be known of the scores, in sentences."""
        lengths = [int(np.isfinite(rows).all(axis=1).sum()) for rows in guess]
        steps = len(guess[0])
        left = [f"{i} after {n}" for i, n in enumerate(lengths, 1) if n < steps]
        if not left:
            return super().notes(model, guess)
        which = f"window{'s' * (len(left) > 1)} {', '.join(left)}"
        told = f"an output left all bounds in {which} of {steps} steps: errors are infinite"
        return [told + ", valid times those up to there", *super().notes(model, guess)]

    def score(self, guess: list[Array]) -> Scores:
        """Return the metrics of the task; errors are infinite where an output left all bounds."""
        if all(np.isfinite(rows).all() for rows in guess):
            return super().score(guess)
        ((node, truth, said),) = self.pairs(guess)
        whole = score(self.task.scores, truth, truth)
        timed = {name: how for name, how in self.task.scores.items() if name in OF_WHAT_ENDED}
        return {node: {n: _worst(n, v) for n, v in whole.items()} | score(timed, truth, said)}

    def score_columns(self, guess: list[Array]) -> dict[str, dict[str, dict[str, float]]]:
        """Return the metrics by column, unless an output left all bounds."""
        whole = all(np.isfinite(rows).all() for rows in guess)
        return super().score_columns(guess) if whole else {}

    def right(self, model: Model) -> list[Array]:
        """Return what really came after each prompt."""
        return [window.truth for window in self.data.windows]

    def _generate(self, model: Model, windows: Sequence[Window], steps: int) -> list[Array]:
        """Return what comes in each window; without a prompt the model stays where it stands."""
        if windows[0].prompt is not None:
            seen = _listed([window.seen for window in windows])
            outside = _listed([_first(window.outside, steps) for window in windows])
            return list(self._behind(model, seen, outside, steps))
        outside = _first(windows[0].outside, steps)
        return [self._behind(model._twin(), None, outside, steps)]

    def _behind(self, model: Model, prompt: Any, outside: Any, steps: int) -> Any:
        """Return what comes behind each prompt; without one, what comes next."""
        target = self.task.target
        loop = target.loop if isinstance(target, GenerateTarget) else None
        given = {"prompt": prompt, "x": outside, "loop": loop}
        if loop is None:
            return model.generate(steps, **given)
        found = model.generate(steps, **given, outputs=list(dict.fromkeys(loop.values())))
        parts = [found[name] for name in loop.values()]
        if prompt is None:
            return np.hstack(parts)
        return [np.hstack(rows) for rows in zip(*parts, strict=True)]

    def rival(self, name: str, guess: list[Array]) -> list[Array]:
        """Return what a baseline says comes after each prompt."""
        if name == "mean":
            y = self.learned[self.task.split.warmup :]
            return [mean(y, len(window.truth)) for window in self.data.windows]
        if name == "persistence":
            return [np.tile(known[-1], (len(w.truth), 1)) for w, known in self._known()]
        series = self.learned
        shortest = min(len(known) for _, known in self._known())
        model = Autoregression.fit(
            series[:-1], series[1:], self.task.split.warmup, most_lags=shortest
        )
        return [model.generate(known, len(w.truth)) for w, known in self._known()]

    @property
    def learned(self) -> Array:
        """The rows that were learned, all that is generated side by side."""
        return side_by_side(self.data.train.y)

    def _known(self) -> list[tuple[Window, Array]]:
        """Return each window and the rows right before it."""
        return [(w, self.learned if w.prompt is None else w.prompt) for w in self.data.windows]

    def pairs(self, guess: list[Array]) -> Iterator[tuple[str, Any, Any]]:
        """Yield all windows."""
        yield "", [window.truth for window in self.data.windows], guess


def _first(outside: Any, steps: int) -> Any:
    return None if outside is None else picked(outside, slice(steps))


def _worst(metric: str, value: Any) -> Any:
    """Return the worst value of a metric, in the shape of `value`."""
    worst: Any = np.full(np.shape(value), -np.inf if metric in HIGHER_IS_BETTER else np.inf)[()]
    return worst


def _listed(each: list[Any]) -> Any:
    """Return what there is of each window in lists, by node where it is by node."""
    if isinstance(each[0], Mapping):
        return {node: [one[node] for one in each] for node in each[0]}
    return None if each[0] is None else each
