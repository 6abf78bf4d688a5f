"""Trials one by one: values are drawn, the graph learns with them, and is scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.data.metrics.scoring import HIGHER_IS_BETTER
from nodegraph.engines import choose
from nodegraph.errors import SpecError, warn
from nodegraph.experiments.search.draws import Draw, check_ends, draws, is_listable, unseen
from nodegraph.experiments.search.held_back import Held, hold_back
from nodegraph.experiments.search.side_by_side import Runner
from nodegraph.experiments.search.study import close_begun, open_study, sampler
from nodegraph.experiments.tasks.experiment import Experiment
from nodegraph.experiments.tasks.rehearsal import engine_of
from nodegraph.files.yaml.spec import Spec, read_yaml
from nodegraph.files.yaml.writer import dumped
from nodegraph.model.checks import checked_workers

__all__ = ["Attempt", "Found", "search"]

ALIKE = 1e-12  # share of a score by which the mean of equal ones may miss them


@dataclass(frozen=True)
class Attempt:
    """One trial.

    Parameters
    ----------
    number : int
        From 1 on.
    settings : dict
        Values by field.
    value : float or None
        Of the metric, the mean over seeds; None for a trial that failed.
    spread : float
        Standard deviation over seeds.
    why : str
        Why it failed.
    """

    number: int
    settings: dict[str, Any]
    value: float | None = None
    spread: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Found:
    """What came of a search.

    Parameters
    ----------
    metric : str
    best : float
        The best value of the metric, on what was held back; over seeds it is their mean.
    changes : tuple of str
        What gave it, such as ``nodes.reservoir.leak_rate=0.3``; `read_yaml` takes them.
    trials : list of dict
        Each trial that worked, the best first; with several seeds ``spread`` is theirs.
    failed : list of Attempt
        Those that did not, with why.
    scored_on : str
        What trials are scored on, in words.
    interrupted : bool
        Whether it was ended before all trials were done.
    yaml : str
        The best trial as a graph with its task, which scores it on the same rows or series.
    """

    metric: str
    best: float
    changes: tuple[str, ...]
    trials: list[dict[str, Any]]
    failed: list[Attempt] = field(default_factory=list)
    scored_on: str = ""
    interrupted: bool = False
    yaml: str = ""


def search(
    path: str | PathLike[str],
    ranges: Mapping[str, str],
    *,
    trials: int = 20,
    metric: str | None = None,
    seed: int = 0,
    seeds: int = 1,
    changes: Sequence[str] = (),
    study: str | PathLike[str] | None = None,
    resume: bool = False,
    watch: Callable[[Attempt], None] | None = None,
    data: str | PathLike[str] | None = None,
    batch: int = 1,
    workers: int | None = None,
    engine: Any = None,
) -> Found:
    """Try values of some fields and return the best.

    A quarter of what the task learns from is held back to score trials on: the last rows, or whole
    series by class. Nothing behind the rows to learn from, and no series of the test, is looked
    at. A task that says ``validate`` is scored on closed loops within its training rows in place of
    that. The same seed gives the same trials, with a break or without.

    Parameters
    ----------
    path : path-like
        A YAML graph with a task.
    ranges : mapping of str to str
        By field, such as ``nodes.reservoir.leak_rate``: ``0.1:1`` (uniform), ``1e-9:1e-3:log``,
        ``50:500:int``, or choices ``tanh,relu``.
    trials : int
        How many, with those that a study holds that goes on. No setting is tried twice: where
        there are fewer (choices, whole numbers), the search ends when all were tried.
    metric : str, optional
        One of the task's metrics; else the first. Where several nodes are scored, their mean, or
        that of one, such as ``layer6.mse``.
    seed : int
        Of the search (Optuna's TPE).
    seeds : int
        From how many seeds each setting learns, that of the file first; the mean counts.
    changes : sequence of str
        Changes of the file that hold in every trial.
    study : path-like, optional
        File that keeps the trials; one that is there is moved aside, unless `resume`.
    resume : bool
        Whether to go on with the trials of `study`.
    watch : callable, optional
        Called with each trial when it is done.
    data : path-like, optional
        The folder of the task's files, in place of that of the YAML.
    batch : int
        How many settings are drawn at a time, of the trials before them alone; these, and the
        seeds of each, learn side by side. What is found depends on it, never on `workers` and
        `engine`. A search that is ended does the batch that it was at again.
    workers : int, optional
        How many models learn at the same time: threads, or actors of Ray.
    engine : str or object, optional
        In place of the one that stands in the file; one that stands there is closed at the end.

    Raises
    ------
    SpecError
        If a range or the metric cannot be, the file is wrong, optuna is not installed, or no trial
        came to an end.
    """
    if min(trials, seeds, batch) < 1:
        raise SpecError("search: trials, seeds and batch should be at least 1")
    if (threads := checked_workers(workers)) not in (None, 1) and batch == seeds == 1:
        raise SpecError(
            "search: workers have one model at a time; write batch=8, or seeds=5 (--batch 8, or "
            "--seeds 5)"
        )
    if resume and study is None:
        raise SpecError("search: resume goes on with a study; name its file, study=...")
    found = draws(ranges)
    if twice := [c for c in changes if c.partition("=")[0].strip() in ranges]:
        raise SpecError(f"search: {twice[0]!r} is given, and a range for it; leave one out")
    spec = read_yaml(path, tuple(changes), data)
    held = hold_back(spec)
    fixed = [*changes, *held.changes]
    name = _metric(spec, metric)
    check_ends(found, lambda change: read_yaml(path, [*fixed, change], data))
    Experiment.of(read_yaml(path, [*fixed, *_first(found)], data))  # the file itself is right
    facts = {
        "graph": hashlib.sha256(json.dumps(spec.document.data).encode()).hexdigest(),
        "data": held.data, "ranges": dict(ranges), "metric": name, "seed": seed, "seeds": seeds,
        **({"batch": batch} if batch > 1 else {}),
    }  # fmt: skip
    file = None if study is None else Path(study).expanduser()
    with ExitStack() as ending:
        kept = ending.enter_context(
            open_study(file, facts, higher=_is_higher_better(name), resume=resume)
        )
        if engine is None:
            engine = ending.enter_context(closing(choose(engine_of(spec.header))))
        plain = [*fixed, "task.baselines=[]"]
        runner = Runner(
            lambda made: read_yaml(path, [*plain, *made], data),
            name, spec.header.seed, seeds, choose(engine), threads,
        )  # fmt: skip
        interrupted = _optimize(kept, runner, found, trials, batch, seed, watch)
    outcome = _found(kept, found, name, held, seeds, interrupted)
    best = read_yaml(path, [*fixed, *outcome.changes], data)
    return replace(outcome, yaml=dumped(best.document.data))


def _first(found: Sequence[Draw]) -> list[str]:
    return [f"{draw.field}={draw.ends[0]}" for draw in found]


def _optimize(
    study: Any,
    runner: Runner,
    draws: Sequence[Draw],
    trials: int,
    batch: int,
    seed: int,
    watch: Callable[[Attempt], None] | None,
) -> bool:
    """Do the trials that are still to be done; return whether that was interrupted."""
    begun, more = len(_done(study)), True
    try:
        while begun < trials and more:
            end = min(trials, (begun // batch + 1) * batch)
            asked = _new_trials(study, draws, [[seed, number] for number in range(begun, end)])
            more = len(asked) == end - begun
            found = list(runner([settings for _, settings in asked]))
            for (trial, _), values in zip(asked, found, strict=True):
                _note(study, trial, values)
            if watch is not None:
                for attempt in _attempts(study)[begun:]:
                    watch(attempt)
            begun = end
    except KeyboardInterrupt:
        close_begun(study)
        return True
    return False


def _note(study: Any, trial: Any, values: list[float] | str) -> None:
    """Let the study know what came of a trial."""
    from optuna.trial import TrialState

    if isinstance(values, str):
        trial.set_user_attr("why", values)
        study.tell(trial, state=TrialState.PRUNED)
    else:
        trial.set_user_attr("spread", float(np.std(values)))
        study.tell(trial, float(np.mean(values)))


def _new_trials(
    study: Any, draws: Sequence[Draw], seeds: Sequence[list[int]]
) -> list[tuple[Any, dict[str, Any]]]:
    """Return trials of settings that none had before; fewer if all there are were tried."""
    found: list[tuple[Any, dict[str, Any]]] = []
    for seed in seeds:
        study.sampler = sampler(*seed)
        asked = _new_trial(study, draws, seed, [settings for _, settings in found])
        if asked is None:
            break
        found.append(asked)
    return found


def _new_trial(
    study: Any, draws: Sequence[Draw], seed: list[int], before: Sequence[Mapping[str, Any]]
) -> tuple[Any, dict[str, Any]] | None:
    """Return a trial and its settings, which none had; None if all there are were tried."""
    from optuna.trial import TrialState

    trial = study.ask()
    settings = {draw.field: draw.suggest(trial) for draw in draws}
    seen = [*(each.params for each in _done(study)), *before]
    if settings not in seen or not is_listable(draws):
        return trial, settings
    study.tell(trial, state=TrialState.FAIL)
    other = unseen(draws, seen, np.random.default_rng(seed))
    if other is None:
        return None
    study.enqueue_trial(other)
    trial = study.ask()
    return trial, {draw.field: draw.suggest(trial) for draw in draws}


def _done(study: Any) -> list[Any]:
    from optuna.trial import TrialState

    states = [TrialState.COMPLETE, TrialState.PRUNED]
    found: list[Any] = study.get_trials(deepcopy=False, states=states)
    return found


def _attempts(study: Any) -> list[Attempt]:
    """Return the trials that came to an end, in their order."""
    return [
        Attempt(
            number,
            dict(trial.params),
            trial.value,
            trial.user_attrs.get("spread", 0.0),
            trial.user_attrs.get("why", ""),
        )
        for number, trial in enumerate(_done(study), 1)
    ]


def _found(
    study: Any, draws: Sequence[Draw], name: str, held: Held, seeds: int, interrupted: bool
) -> Found:
    """Return what the trials came to."""
    every = _attempts(study)
    failed = [each for each in every if each.value is None]
    worked = [each for each in every if each.value is not None]
    if not worked:
        if interrupted:
            raise KeyboardInterrupt
        raise SpecError(
            f"search: no trial of {len(every)} came to an end; narrow the ranges. The last one: "
            f"{failed[-1].why}"
        )
    sign = -1.0 if _is_higher_better(name) else 1.0
    worked.sort(key=lambda each: sign * (each.value or 0.0))
    rows = [
        {
            name: each.value,
            **({"spread": each.spread} if seeds > 1 else {}),
            **{draw.field: each.settings[draw.field] for draw in draws},
        }
        for each in worked
    ]
    if seeds > 1 and all(each.spread <= ALIKE * abs(each.value or 0.0) for each in worked):
        warn(
            f"search: each setting scored the same with all {seeds} seeds, as where nothing is "
            f"drawn: without seeds={seeds} (--seeds {seeds}) the same is found so many times faster"
        )
    changes = tuple(f"{draw.field}={worked[0].settings[draw.field]}" for draw in draws)
    return Found(
        name, float(worked[0].value or 0.0), changes, rows, failed, held.words, interrupted
    )


def _metric(spec: Spec, wanted: str | None) -> str:
    task = spec.header.task
    known, nodes = (list(task.scores), list(task.targets or ())) if task is not None else ([], [])
    if wanted is None and known:
        return known[0]
    node, _, name = (wanted or "").rpartition(".")
    if name not in known or (node and node not in nodes):
        one = f", or of one node, such as {nodes[0]}.{known[0]}" if nodes and known else ""
        raise SpecError(f"metric {wanted!r} is not one of the task's: {', '.join(known)}{one}")
    return str(wanted)


def _is_higher_better(metric: str) -> bool:
    return metric.rpartition(".")[2] in HIGHER_IS_BETTER
