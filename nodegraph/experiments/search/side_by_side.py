"""Many models of one YAML graph: each learns and is scored by itself, wherever there is room."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from nodegraph.engines import Engine
from nodegraph.engines.batches import map_items
from nodegraph.errors import NodegraphError
from nodegraph.experiments.tasks.examples import TaskData
from nodegraph.experiments.tasks.experiment import Experiment, task_of
from nodegraph.experiments.tasks.result import Score
from nodegraph.experiments.tasks.task_data import Preparation
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
    """What came of it: each metric, of all nodes and of each, or why there is none."""

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
            return Outcome(_values([s for s in scores if s.model == scores[0].model]))
        except BAD as error:
            return Outcome({}, first_line(error))

    def about(self, setting: Setting) -> str:
        """Return in words what is done."""
        return f"while a model with seed {setting.seed} learned"


def _values(scores: Sequence[Score]) -> dict[str, float]:
    """Return the mean of each metric over nodes, and its values by node, such as ``layer1.mse``."""
    own = {s.node: {name: float(np.mean(v)) for name, v in s.values.items()} for s in scores}
    means = {
        name: float(np.mean([each[name] for each in own.values()])) for name in scores[0].values
    }
    return means | {f"{node}.{n}": v for node, each in own.items() for n, v in each.items() if node}


def outcomes(
    common: Spec,
    settings: Iterable[Setting],
    engine: Engine,
    workers: int | None,
    data: TaskData | None = None,
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
    data : TaskData, optional
        Those of `common`, where they have been read.
    """
    work = _Trials(task_of(common), common_data(common) if data is None else data)
    yield from map_items(engine, work, settings, workers, Silent())


def common_data(common: Spec) -> TaskData:
    """Return the data of a graph's task."""
    root = common.data or common.folder
    return Preparation(task_of(common), root=root, document=common.document, gaps=True).data()


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

    @cached_property
    def common(self) -> Spec:
        """The graph without a setting."""
        return self.read(())

    @cached_property
    def data(self) -> TaskData:
        """The data that all settings have in common, read once."""
        return common_data(self.common)

    def __call__(self, batch: Sequence[Mapping[str, Any]]) -> Iterator[list[float] | str]:
        """Yield the value of the metric for each seed, or why there is none, for each setting."""
        specs = [self._spec(settings) for settings in batch]
        made = [
            Setting(spec, self.seed + i)
            for spec in specs
            if isinstance(spec, Spec)
            for i in range(self.seeds)
        ]
        found = outcomes(self.common, made, self.engine, self.workers, self.data)
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
