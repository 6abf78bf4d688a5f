"""The folder that a run leaves behind: model, scores, pictures, report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.errors import DataError
from nodegraph.experiments.tasks.html_report import report, versions
from nodegraph.experiments.tasks.result import Result
from nodegraph.experiments.tasks.result_figures import outcome, portraits
from nodegraph.experiments.tasks.result_tables import (
    column_rows,
    interval_rows,
    learning_rows,
    score_rows,
    shown_number,
)
from nodegraph.files.yaml.writer import dumped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["made", "write"]

DPI = 120
MOST_COLUMNS = 50  # of a target whose scores are in the report


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder for what is to come; if nothing comes of it, none is left.

    Raises
    ------
    DataError
        If there is a file in its place.
    """
    fresh = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise DataError(f"--out {folder}: {path} is a file; name a folder, or a new one")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # not empty: something did come
            for path in fresh:
                path.rmdir()
        raise


def write(result: Result, folder: str | Path) -> list[Path]:
    """Write what came of a run to `folder`, and return the paths.

    ``model.safetensors``, ``metrics.json``, ``prediction.png``, ``graph.svg`` and
    ``report.html``, which needs no other file. Learning curves are in the scores and the report.

    Raises
    ------
    ModelFileError, OSError
        If a file cannot be written.
    """
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    names = ("model.safetensors", "metrics.json", "prediction.png", "graph.svg", "report.html")
    model, scores, picture, drawing, page = paths = [folder / name for name in names]
    result.model.save(model)
    scores.write_text(json.dumps(_facts(result), indent=2, allow_nan=False) + "\n", "utf-8")
    _save(outcome(result), picture)
    svg = result.model.graph.draw(drawing, result.name)
    page.write_text(_page(result, svg, picture.read_bytes()), "utf-8")
    return paths


def _save(axes: Axes, path: Path) -> None:
    figure: Any = axes.get_figure(root=True)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


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
    learned = [_words(row) for row in learning_rows(result)]
    columns = [_words(row) for row in column_rows(result, MOST_COLUMNS)]
    seconds = ", ".join(f"{name} {value:.2f} s" for name, value in result.seconds.items())
    return report(
        title=result.name,
        svg=svg,
        tables={
            f"Scores on {result.trial.scored_on}": [_words(row) for row in score_rows(result)],
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
    return {} if found is None else {f"Scores on {found.scored_on}": [_words(found.values)]}


def _intervals(result: Result) -> dict[str, list[dict[str, str]]]:
    rows = interval_rows(result)
    return {"Intervals": [_words(row) for row in rows]} if rows else {}


def _words(row: dict[str, Any]) -> dict[str, str]:
    return {key: shown_number(value) for key, value in row.items()}
