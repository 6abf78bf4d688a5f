"""The folder that a run leaves behind: model, scores, pictures, report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph import plotting
from nodegraph.errors import warn
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.html_report import report, versions
from nodegraph.experiments.tasks.result import (
    MOST,
    Result,
    column_rows,
    in_words,
    interval_rows,
    learning_rows,
    prediction_csv,
    score_rows,
)
from nodegraph.experiments.tasks.series_trial import ClassTrial, SeriesTrial
from nodegraph.experiments.tasks.trial import ForecastTrial
from nodegraph.files.atomic_write import replace_file
from nodegraph.files.table_times import time_index
from nodegraph.files.yaml.writer import dumped
from nodegraph.host.paths import held, refuse_file
from nodegraph.plotting.canvas import apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["made", "outcome", "portraits", "write"]

DPI = 120
MOST_COLUMNS = 50  # of a target whose scores are in the report


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder for what is to come, and hold it; if nothing comes of it, none is left.

    Raises
    ------
    DataError
        If there is a file in its place, or another run writes there now.
    """
    fresh = [path for path in (folder, *folder.parents) if not path.exists()]
    refuse_file(folder, f"--out {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    busy = f"--out {folder}: another run writes there now; wait for its end, or name another folder"
    try:
        with held(folder, busy):
            yield
    except BaseException:
        with suppress(OSError):  # not empty: something did come
            for path in fresh:
                path.rmdir()
        raise


def write(result: Result, folder: str | Path) -> list[Path]:
    """Write what came of a run to `folder`, and return the paths.

    ``model.safetensors``, ``metrics.json``, ``prediction.png``, ``graph.svg`` and
    ``report.html``, which needs no other file, and ``prediction.csv`` (`prediction_table`) if it is
    not too large. Learning curves are in the scores and the report.

    Raises
    ------
    ModelFileError
        If a file cannot be written; what was there before is whole.
    """
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    names = ("model.safetensors", "metrics.json", "prediction.png", "graph.svg", "report.html")
    model, scores, picture, drawing, page = paths = [folder / name for name in names]
    result.model.save(model)
    _replace(scores, json.dumps(_facts(result), indent=2, allow_nan=False) + "\n")
    shown = _drawn(outcome(result))
    replace_file(picture, [memoryview(shown)])
    svg = result.model.graph.draw(title=result.name)
    _replace(drawing, svg.rstrip("\n") + "\n")
    _replace(page, _page(result, svg, shown))
    table, rows = folder / "prediction.csv", prediction_csv(result)
    if rows is None:
        table.unlink(missing_ok=True)  # that of another run would pass for this one's
        warn(f"{table} is not written: it would have more than {MOST:,} numbers")
        return paths
    _replace(table, rows)
    return [*paths, table]


def _replace(path: Path, text: str) -> None:
    replace_file(path, [memoryview(text.encode())])


def _drawn(axes: Axes) -> bytes:
    figure: Any = axes.get_figure(root=True)
    canvas = BytesIO()
    figure.savefig(canvas, format="png", dpi=DPI, metadata={"Software": None})
    return canvas.getvalue()


def _facts(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "seed": result.model.seed,
        "dtype": result.model.dtype.name,
        **({"data": list(result.trial.data.told)} if result.trial.data.told else {}),
        "scored_on": result.trial.scored_on,
        "scores": [
            _plain({**row, **({"columns": dict(score.columns)} if score.columns else {})})
            for row, score in zip(score_rows(result), result.scores, strict=True)
        ],
        **({"intervals": _plain(interval_rows(result))} if result.bounds else {}),
        **({"notes": result.notes} if result.notes else {}),
        **({"validated": _plain(result.validated._asdict())} if result.validated else {}),
        "learning": [_plain(row) for row in result.model.report],
        **({"curves": _plain(result.model.curves)} if result.model.curves else {}),
        "seconds": {name: round(value, 3) for name, value in result.seconds.items()},
        "versions": versions(),
    }


def _plain(value: Any) -> Any:
    """Return what JSON can hold; numbers that are not finite become words."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | None) else str(value)


def _page(result: Result, svg: str, picture: bytes) -> str:
    learned = [in_words(row) for row in learning_rows(result)]
    columns = [in_words(row) for row in column_rows(result, MOST_COLUMNS)]
    seconds = ", ".join(f"{name} {value:.2f} s" for name, value in result.seconds.items())
    return report(
        title=result.name,
        svg=svg,
        tables={
            f"Scores on {result.trial.scored_on}": [in_words(row) for row in score_rows(result)],
            **_validated(result),
            **_intervals(result),
            **({"Scores by column": columns} if columns else {}),
            **({"What learned": learned} if learned else {}),
        },
        figures={"Truth and prediction": picture, **portraits(result)},
        yaml=dumped(result.spec.document.data),
        versions=versions(),
        seed=result.model.seed,
        notes=[
            result.header.description,
            *result.notes,
            *(f"Data: {told}" for told in result.trial.data.told),
            f"Time: {seconds}",
        ],
    )


def _validated(result: Result) -> dict[str, list[dict[str, str]]]:
    found = result.validated
    return {} if found is None else {f"Scores on {found.scored_on}": [in_words(found.values)]}


def _intervals(result: Result) -> dict[str, list[dict[str, str]]]:
    rows = interval_rows(result)
    return {"Intervals": [in_words(row) for row in rows]} if rows else {}


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
    params = result.model.params
    reservoirs = [name for name in params if "W" in getattr(params[name], "_fields", ())]
    for name in reservoirs[:1]:
        found[f"States of {name} at the start of the training data"] = plotting.states(
            _states(result, name)
        )
        W = params[name].W
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
    twin, rows = result.model._twin(), _first(result.trial.data.train.x)
    return twin.reset().run(rows, steps=STEPS if rows is None else None, outputs=[name])[name]


def _first(x: Any) -> Any:
    if isinstance(x, dict):
        return {name: _first(rows) for name, rows in x.items()}
    if isinstance(x, list):
        return x[0]
    return None if x is None else np.asarray(x)[:STEPS]
