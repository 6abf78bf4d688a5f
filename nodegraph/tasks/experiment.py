"""Running what a YAML graph says: learn its task, score it beside baselines."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from nodegraph import metrics
from nodegraph.errors import DataError
from nodegraph.model import Model
from nodegraph.progress import Progress, Silent
from nodegraph.spec import Spec
from nodegraph.tasks.examples import TaskData
from nodegraph.tasks.task_data import prepare
from nodegraph.tasks.trials import Trial, trial_of
from nodegraph.yaml.document import error_at
from nodegraph.yaml.header import Header
from nodegraph.yaml.task import Task

__all__ = ["Result", "Score", "run_spec"]


class Score(NamedTuple):
    """How well one model, or one baseline, did.

    Parameters
    ----------
    model : str
        Its name.
    node : str
        The node whose output is scored; empty where there is only one.
    values : dict of float, or of list of float
        By metric.
    """

    model: str
    node: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What came of a run.

    Parameters
    ----------
    spec : Spec
    model : Model
        As it stands at the end of the data; after a generation as it stood before.
    trial : Trial
        What the model was scored on.
    guess : object
        What the model said of it.
    scores : tuple of Score
        The model first, then the baselines.
    seconds : dict of float
        How long reading the data, learning and scoring took.
    """

    spec: Spec
    model: Model
    trial: Trial
    guess: Any
    scores: tuple[Score, ...]
    seconds: dict[str, float]

    @property
    def header(self) -> Header:
        """What the YAML says beside its nodes."""
        return self.spec.header

    @property
    def name(self) -> str:
        """What the graph is called."""
        return self.header.name or "graph"


def run_spec(
    spec: Spec,
    *,
    seed: int | None = None,
    engine: Any = None,
    workers: int | None = None,
    progress: Progress | None = None,
    watch: bool | int = False,
) -> Result:
    """Learn the task of `spec` and score the model and its baselines on rows it has not seen.

    Parameters
    ----------
    spec : Spec
        As `nodegraph.read_yaml` returns it.
    seed : int, optional
        In place of the one that stands there.
    engine : str or object, optional
        In place of the one that stands there.
    workers : int, optional
        Threads over independent series.
    progress : Progress, optional
    watch : bool or int
        Whether to take learning curves of online rules; see `Model.fit`.

    Raises
    ------
    SpecError
        If there is no task, or a metric is unknown.
    """
    task = _task(spec)
    _check_metrics(spec, task)
    clock = _Clock()
    trial = trial_of(prepare(task, root=spec.folder, document=spec.document), task)
    clock.lap("data")
    header = spec.header
    model = Model(
        spec.graph,
        seed=header.seed if seed is None else seed,
        dtype=header.dtype,
        numerics=header.numerics,
        engine=header.engine.kind if engine is None else engine,
    )
    threads = header.engine.workers if workers is None else workers
    _learn(model, trial.data, task, threads, progress or Silent(), watch)
    clock.lap("fit")
    guess = trial.guess(model)
    scores = _scores(header.name or "graph", trial, guess)
    clock.lap("score")
    return Result(spec, model, trial, guess, scores, clock.laps)


def _task(spec: Spec) -> Task:
    if spec.header.task is None:
        raise error_at(
            spec.document, (), "there is no task: to run; write data, target, split, metrics there"
        )
    return spec.header.task


def _check_metrics(spec: Spec, task: Task) -> None:
    """Refuse unknown metrics and options before anything is learned."""
    example = [[0.0, 1.0], [1.0, 0.0]]
    try:
        metrics.score(task.scores, example, example)
    except DataError as error:
        raise error_at(spec.document, ("task", "metrics"), str(error)) from None


def _learn(
    model: Model,
    data: TaskData,
    task: Task,
    workers: int,
    progress: Progress,
    watch: bool | int,
) -> None:
    x, y = data.train
    if not model.plan.rules:
        return
    if task.online:
        model.partial_fit(x, y, warmup=task.split.warmup, progress=progress, watch=watch)
        return
    model.fit(
        x,
        y,
        warmup=task.split.warmup,
        forcing=task.forcing,
        workers=workers,
        progress=progress,
        watch=watch,
    )


def _scores(name: str, trial: Trial, guess: Any) -> tuple[Score, ...]:
    guesses = {name: guess}
    for word in trial.task.baselines:
        said = trial.rival(word, guess)
        if said is not None:
            guesses[trial.rivals[word]] = said
    return tuple(score for who, said in guesses.items() for score in _scores_of(who, trial, said))


def _scores_of(who: str, trial: Trial, guess: Any) -> list[Score]:
    found = trial.score(guess)
    return [Score(who, node if len(found) > 1 else "", found[node]) for node in found]


class _Clock:
    """Seconds between one lap and the next."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.laps[name], self.last = now - self.last, now
