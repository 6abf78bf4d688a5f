"""Many models of one YAML graph: each learns and is scored by itself, wherever there is room."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from nodegraph.engines import Engine
from nodegraph.engines.batches import map_items
from nodegraph.errors import NodegraphError
from nodegraph.experiments.tasks.examples import TaskData
from nodegraph.experiments.tasks.experiment import Experiment, task_of
from nodegraph.experiments.tasks.task_data import prepare
from nodegraph.files.yaml.spec import Spec
from nodegraph.files.yaml.task import Task
from nodegraph.host.progress import Progress, Silent

__all__ = ["Outcome", "Runner", "Setting", "first_line", "outcomes"]

BAD = (NodegraphError, ArithmeticError, np.linalg.LinAlgError, MemoryError)


class Setting(NamedTuple):
    """One model: what it is, and the seed of its weights."""

    spec: Spec
    seed: int


class Outcome(NamedTuple):
    """What came of it: the mean over nodes and columns of each metric, or why there is none."""

    values: dict[str, float]
    why: str = ""


class _Trials:
    """Teaches and scores models; it takes the data along that they have in common."""

    def __init__(self, task: Task, data: TaskData):
        self.task, self.data = task, data

    def __call__(self, setting: Setting, engine: Engine, progress: Progress) -> Outcome:
        """Return what comes of one setting on the engine of a place."""
        spec, seed = setting
        data = self.data if spec.header.task == self.task else None
        try:
            experiment = Experiment.of(spec, seed=seed, engine=engine, data=data)
            if experiment.task.validation is not None:
                return Outcome(experiment.validate().values)
            scores = experiment.run(progress=progress).scores
            own = [score.values for score in scores if score.model == scores[0].model]
            return Outcome(
                {name: float(np.mean([np.mean(each[name]) for each in own])) for name in own[0]}
            )
        except BAD as error:
            return Outcome({}, first_line(error))

    def about(self, setting: Setting) -> str:
        """Return in words what is done."""
        return f"while a model with seed {setting.seed} learned"


def outcomes(
    common: Spec, settings: Iterable[Setting], engine: Engine, workers: int | None
) -> Iterator[Outcome]:
    """Yield what comes of each setting, in their order, wherever it was found.

    Parameters
    ----------
    common : Spec
        Whose data are read once; settings with another task read theirs.
    settings : iterable of Setting
    engine : Engine
        One that has workers elsewhere does a model in each, others one model on each thread.
    workers : int, optional
    """
    task = task_of(common)
    root = common.data or common.folder
    data = prepare(task, root=root, document=common.document, gaps=True)
    yield from map_items(engine, _Trials(task, data), settings, workers, Silent())


@dataclass(frozen=True)
class Runner:
    """Learns and scores with some settings at a time.

    Parameters
    ----------
    read : callable
        Returns the graph with some changes made.
    metric : str
    seed, seeds : int
        The first seed, and how many each setting learns from.
    engine : Engine
    workers : int, optional
    """

    read: Callable[[Sequence[str]], Spec]
    metric: str
    seed: int
    seeds: int
    engine: Engine
    workers: int | None

    def __call__(self, batch: Sequence[Mapping[str, Any]]) -> Iterator[list[float] | str]:
        """Yield the value of the metric for each seed, or why there is none, for each setting."""
        specs = [self._spec(settings) for settings in batch]
        made = [
            Setting(spec, self.seed + i)
            for spec in specs
            if isinstance(spec, Spec)
            for i in range(self.seeds)
        ]
        found = outcomes(self.read(()), made, self.engine, self.workers)
        for spec in specs:
            yield spec if isinstance(spec, str) else self._values(list(islice(found, self.seeds)))

    def _spec(self, settings: Mapping[str, Any]) -> Spec | str:
        try:
            return self.read([f"{name}={value}" for name, value in settings.items()])
        except NodegraphError as error:
            return first_line(error)

    def _values(self, found: Sequence[Outcome]) -> list[float] | str:
        if why := next((each.why for each in found if each.why), ""):
            return why
        values = [each.values[self.metric] for each in found]
        return values if all(map(math.isfinite, values)) else f"{self.metric} is not finite"


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return str(error).partition("\n")[0] or type(error).__name__
