"""Searching for good hyper-parameters of a YAML graph, on rows that are held back for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from nodegraph.errors import NodegraphError, SpecError
from nodegraph.spec import Spec, read_yaml
from nodegraph.tasks.experiment import run_spec

__all__ = ["Found", "search"]

HIGHER_IS_BETTER = {"r2", "accuracy", "valid_prediction_time"}
HELD_BACK = 0.25  # share of the training rows that trials are scored on


@dataclass(frozen=True)
class Found:
    """What came of a search.

    Parameters
    ----------
    metric : str
    best : float
        The best value of the metric, on the rows held back.
    changes : tuple of str
        What gave it, such as ``nodes.reservoir.leak_rate=0.3``; `read_yaml` takes them.
    trials : list of dict
        Each trial that worked, the best first.
    """

    metric: str
    best: float
    changes: tuple[str, ...]
    trials: list[dict[str, Any]]


def search(
    path: str | PathLike[str],
    ranges: Mapping[str, str],
    *,
    trials: int = 20,
    metric: str | None = None,
    seed: int = 0,
    changes: Sequence[str] = (),
    watch: Callable[[int, float], None] | None = None,
) -> Found:
    """Try values of some fields and return the best.

    The last quarter of the training rows is held back to score trials on; the test rows of the
    file are not looked at. The same seed gives the same trials.

    Parameters
    ----------
    path : path-like
        A YAML graph whose task says ``split: {train: ...}``.
    ranges : mapping of str to str
        By field, such as ``nodes.reservoir.leak_rate``: ``0.1:1`` (uniform), ``1e-9:1e-3:log``,
        ``50:500:int``, or choices ``tanh,relu``.
    trials : int
    metric : str, optional
        One of the task's metrics; else the first.
    seed : int
        Of the search (Optuna's TPE); the graph keeps its own.
    changes : sequence of str
        Changes of the file that hold in every trial.
    watch : callable, optional
        Called with the number of each trial and its value.

    Raises
    ------
    SpecError
        If a range or the metric cannot be, optuna is not installed, or no trial worked.
    """
    optuna = _optuna()
    draws = {field: _draw(field, text) for field, text in ranges.items()}
    if not draws:
        raise SpecError("search: no range given; write --range nodes.reservoir.leak_rate=0.1:1")
    fixed = [*changes, *_inner_split(read_yaml(path, tuple(changes)))]
    name = _metric(read_yaml(path, fixed), metric)
    done: list[dict[str, Any]] = []

    def attempt(trial: Any) -> float:
        values = {field: draw(trial) for field, draw in draws.items()}
        made = tuple(f"{field}={value}" for field, value in values.items())
        spec = read_yaml(path, [*fixed, *made])
        try:
            value = float(run_spec(spec).scores[0].values[name])
        except NodegraphError as error:
            if isinstance(error, SpecError):
                raise
            raise optuna.TrialPruned(str(error)) from error
        done.append({name: value, **values})
        if watch is not None:
            watch(trial.number, value)
        return value

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    direction = "maximize" if name in HIGHER_IS_BETTER else "minimize"
    study = optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(attempt, n_trials=trials)
    if not done:
        raise SpecError("search: no trial came to an end: every state diverged; narrow the ranges")
    done.sort(key=lambda row: row[name], reverse=direction == "maximize")
    best = {field: done[0][field] for field in draws}
    return Found(name, done[0][name], tuple(f"{f}={v}" for f, v in best.items()), done)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise SpecError(
            "search needs Optuna, which is not installed: pip install '.[search]' in the folder of "
            "nodegraph"
        ) from None
    return optuna


def _draw(field: str, text: str) -> Callable[[Any], Any]:
    """Return what draws a value of one field for a trial."""
    if "," in text:
        choices = [word.strip() for word in text.split(",")]
        return lambda trial: trial.suggest_categorical(field, choices)
    low, _, rest = text.partition(":")
    high, _, kind = rest.partition(":")
    try:
        if kind == "int":
            return _whole(field, int(low), int(high))
        if kind not in ("", "log") or float(low) >= float(high) or (kind and float(low) <= 0):
            raise ValueError
    except ValueError:
        raise SpecError(
            f"--range {field}={text}: write low:high, low:high:log (above 0), low:high:int, "
            "or choices a,b,c"
        ) from None
    return lambda trial: trial.suggest_float(field, float(low), float(high), log=kind == "log")


def _whole(field: str, low: int, high: int) -> Callable[[Any], Any]:
    if low >= high:
        raise ValueError
    return lambda trial: trial.suggest_int(field, low, high)


def _inner_split(spec: Spec) -> list[str]:
    """Return the changes that hold back some of the training rows."""
    task = spec.header.task
    if task is None or task.split.train is None:
        raise SpecError(
            f"{spec.document.source}: search needs a task with split: {{train: ...}}, to hold "
            "back a part of the training rows"
        )
    held = max(1, int(HELD_BACK * task.split.train))
    return [f"task.split.train={task.split.train - held}", f"task.split.test={held}"]


def _metric(spec: Spec, wanted: str | None) -> str:
    task = spec.header.task
    known = list(task.scores) if task is not None else []
    if wanted is None and known:
        return known[0]
    if wanted not in known:
        raise SpecError(f"metric {wanted!r} is not one of the task's: {', '.join(known)}")
    return str(wanted)
