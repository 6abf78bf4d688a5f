"""Running what a YAML graph says: learn its task, score it beside baselines."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

from nodegraph.engines import choose
from nodegraph.errors import ArgumentError, SpecError
from nodegraph.experiments.tasks.examples import TaskData, named
from nodegraph.experiments.tasks.generation_trial import GenerationTrial
from nodegraph.experiments.tasks.key_use import Situation, no_curve, no_workers
from nodegraph.experiments.tasks.rehearsal import check_metrics, engine_of, rehearse
from nodegraph.experiments.tasks.result import Result, Score
from nodegraph.experiments.tasks.series_trial import ClassTrial, SeriesTrial
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.experiments.tasks.trial import ForecastTrial, Trial
from nodegraph.experiments.tasks.validation import Validated, validated
from nodegraph.files.yaml.document import error_at
from nodegraph.files.yaml.spec import Spec
from nodegraph.files.yaml.task import FileTarget, Task
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.host.progress import Progress, Silent
from nodegraph.model import Model
from nodegraph.model.choosing import chooser, settle

__all__ = ["Experiment", "run_spec", "task_of"]


@dataclass(frozen=True)
class Experiment:
    """A task made ready to be learned, after all that can be refused before has been.

    Parameters
    ----------
    spec : Spec
    task : Task
    trial : Trial
        The data, and what is scored.
    model : Model
        With its weights as they are before it learns.
    rivals : dict
        What each baseline says of the rows that are scored, by its name.
    situation : Situation
        What decides about which options have an effect.
    threads : int, optional
        How many workers the file asks for, of the engine that is used.
    clock : Clock
    """

    spec: Spec
    task: Task
    trial: Trial
    model: Model
    rivals: dict[str, Any]
    situation: Situation
    threads: int | None
    clock: Clock

    @classmethod
    def of(
        cls,
        spec: Spec,
        *,
        seed: int | None = None,
        engine: Any = "local",
        data: TaskData | None = None,
    ) -> Experiment:
        """Return the task of `spec` with its model and its data, unless they were read before.

        Raises
        ------
        SpecError
            If there is no task, or data, split, target and metrics do not fit it or each other;
            with the line of the file.
        NodegraphError
            If the graph cannot learn from these data.
        """
        task, clock = task_of(spec), Clock()
        check_metrics(spec, task)
        _check_folder(spec, task)
        header, chosen = spec.header, choose(engine)
        model = Model(
            spec.graph,
            seed=header.seed if seed is None else seed,
            dtype=header.dtype,
            numerics=header.numerics,
            engine=chosen,
        )
        clock.lap("model")
        root = spec.data or spec.folder
        if data is None:
            data = Preparation(task, root=root, document=spec.document, plan=model.plan).data()
        if spec.data is not None and not data.told:
            raise error_at(spec.document, ("task",), "names no file, so leave the data folder out")
        trial = _trial_of(data, task)
        clock.lap("data")
        situation, rivals = rehearse(spec, task, trial, model)
        meant = (header.engine.kind == "local") == (chosen.map is None)
        threads = header.engine.workers if meant and not no_workers(situation) else None
        clock.lap("check")
        return cls(spec, task, trial, model, rivals, situation, threads, clock)

    def run(
        self,
        *,
        workers: int | None = None,
        progress: Progress | None = None,
        watch: bool | int = False,
        checkpoint: Path | None = None,
        resume: bool = False,
    ) -> Result:
        """Let the model learn, and score it beside its baselines; see `run_spec`."""
        if watch and (why := no_curve(self.situation)):
            raise SpecError(f"watch: {why}")
        if workers not in (None, 1) and (why := no_workers(self.situation)):
            raise SpecError(f"workers: {why}")
        threads = self.threads if workers is None else workers
        kept = {"checkpoint": checkpoint, "resume": resume, "progress": progress or Silent()}
        _learn(self.model, self.trial.data, self.task, threads, {**kept, "watch": watch})
        self.clock.lap("fit")
        found = None
        if self.task.validation is not None:
            found = self.validate(self.model)
            if found.best is not None:
                name, rules = chooser(self.model.plan)
                settle(self.model, name, rules[found.best])
            self.clock.lap("validate")
        bounds, guess = self._bounds(), self.trial.guess(self.model)
        scores = self._scores(guess)
        self._know_when()
        self.clock.lap("score")
        laps = self.clock.laps
        return Result(self.spec, self.model, self.trial, guess, scores, laps, found, bounds)

    def _know_when(self) -> None:
        """Let the model know when the last row was taken that its stream has seen."""
        state = self.model._settle()
        if (last := self.trial.data.last(state.stream.time)) is not None:
            state.stream = state.stream.ended(last, self.model.plan.inputs)

    def _bounds(self) -> dict[str, Any]:
        """Return the quantiles that readouts expect; the model stays where it stands."""
        twin = self.model._twin()
        return self.trial.bounds(twin) if self.trial.bounded(twin) else {}

    def validate(self, learned: Model | None = None) -> Validated:
        """Score closed loops within the training rows; `learned` has learned from all of them."""

        def taught(data: TaskData) -> Model:
            if learned is not None and data.train is self.trial.data.train:
                return learned
            model = self.model.clone()
            _learn(model, data, self.task, self.threads, {})
            return model

        return validated(self.trial, self.task, taught)

    def _scores(self, guess: Any) -> tuple[Score, ...]:
        name = self.spec.header.name or "graph"
        guesses = [(name, self.trial, guess)]
        if (stayed := self.trial.stayed(guess)) is not None:
            guesses.append((f"{name} where it stayed", *stayed))
        guesses += [(who, self.trial, said) for who, said in self.rivals.items()]
        return tuple(score for each in guesses for score in _scores_of(*each))


@known_arguments
def run_spec(
    spec: Spec,
    *,
    seed: int | None = None,
    engine: Any = None,
    workers: int | None = None,
    progress: Progress | None = None,
    watch: bool | int = False,
    checkpoint: Path | None = None,
    resume: bool = False,
    data: str | PathLike[str] | None = None,
) -> Result:
    """Learn the task of `spec` and score the model and its baselines on rows it has not seen.

    Parameters
    ----------
    spec : Spec
        As `nodegraph.read_yaml` returns it.
    seed : int, optional
        In place of the one that stands there.
    engine : str or object, optional
        In place of the one that stands there; one that stands there is closed at the end.
    workers : int, optional
        Threads over independent series.
    progress : Progress, optional
    watch : bool or int
        Whether to take learning curves of online rules; see `Model.fit`.
    checkpoint : Path, optional
        Where learning keeps how far it is; see `nodegraph.Model.fit`.
    resume : bool
        Whether to go on from there.
    data : path-like, optional
        The folder of the task's files, in place of that of the YAML.

    Raises
    ------
    SpecError
        If there is no task, or it does not fit its data or the graph.
    """
    if not isinstance(spec, Spec):
        raise ArgumentError(
            f"run_spec takes what read_yaml returns, got {type(spec).__name__}; write "
            'ng.run_spec(ng.read_yaml("graph.yaml"))'
        )
    if data is not None:
        spec = replace(spec, data=Path(data).expanduser())
    with ExitStack() as ending:
        if engine is None:
            engine = ending.enter_context(closing(choose(engine_of(spec.header))))
        return Experiment.of(spec, seed=seed, engine=engine).run(
            workers=workers, progress=progress, watch=watch, checkpoint=checkpoint, resume=resume
        )


def _check_folder(spec: Spec, task: Task) -> None:
    """Refuse a folder of data that no file is looked for in, as all are the user's own word."""
    targets = [task.target, *(task.targets or {}).values()]
    if spec.data is None or any(isinstance(target, FileTarget) for target in targets):
        return
    keys = [key for key in ("file", "folder", "test") if getattr(task.data, key, None) is not None]
    places = [("task", "data", key) for key in keys]
    if places and all(map(spec.document.is_users, places)):
        raise error_at(
            spec.document,
            places[0],
            "is a path from where you stand, so the data folder has no effect; leave one of them "
            "out",
        )


def task_of(spec: Spec) -> Task:
    """Return the task of a YAML graph.

    Raises
    ------
    SpecError
        If there is none.
    """
    if spec.header.task is None:
        raise error_at(
            spec.document, (), "there is no task: to run; write data, target, split, metrics there"
        )
    return spec.header.task


def _trial_of(data: TaskData, task: Task) -> Trial:
    """Return the trial that the data of a task are for."""
    if data.labels is not None:
        return ClassTrial(data, task)
    if data.windows:
        return GenerationTrial(data, task)
    return SeriesTrial(data, task) if data.train.has_series else ForecastTrial(data, task)


def _learn(
    model: Model, data: TaskData, task: Task, workers: int | None, kept: dict[str, Any]
) -> None:
    taught = {node: titles.names for node, titles in data.titles.items() if titles.names}
    x, y = named(data.train.x, data.columns), named(data.train.y, taught)
    if not model.plan.rules:
        return
    if task.online:
        unscored = [*model.plan.nodes][:1]  # what is said meanwhile is not looked at
        model.partial_fit(x, y, warmup=task.split.warmup, outputs=unscored, **kept)
        return
    model.fit(
        x,
        y,
        warmup=task.split.warmup,
        forcing=task.forcing,
        workers=workers,
        **kept,
    )


def _scores_of(who: str, trial: Trial, guess: Any) -> list[Score]:
    found, columns = trial.score(guess), trial.score_columns(guess)
    return [
        Score(who, node if len(found) > 1 else "", found[node], columns.get(node, {}))
        for node in found
    ]


class Clock:
    """Seconds between one lap and the next."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.last = perf_counter()

    def lap(self, name: str) -> None:
        """Take note of the time since the lap before."""
        now = perf_counter()
        self.laps[name], self.last = now - self.last, now
