"""Before anything is learned: on which engine it will be, and what of a task can be refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph import metrics
from nodegraph.engines.request import Request
from nodegraph.errors import DataError, FieldError, GraphError, SpecError
from nodegraph.experiments.tasks.examples import named
from nodegraph.experiments.tasks.key_use import Situation, unread
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.experiments.tasks.trial import Trial
from nodegraph.experiments.tasks.validation import folds
from nodegraph.files.yaml.document import error_at, error_at_node
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine
from nodegraph.files.yaml.spec import Spec
from nodegraph.files.yaml.task import GenerateTarget, Task
from nodegraph.graph.plan import Plan
from nodegraph.host.machine import usable_cpus
from nodegraph.model import Model
from nodegraph.model.checks import check_long_enough, checked_warmup, why_idle
from nodegraph.model.choosing import chooser
from nodegraph.model.closed_loop import closed_plan, find_loop
from nodegraph.model.data_warnings import warn_of_inputs, warn_of_series_passed_over
from nodegraph.model.stages import stages
from nodegraph.model.state import ModelState
from nodegraph.model.uncertainty import refuse_unheard

__all__ = ["check_metrics", "engine_of", "preview", "rehearse"]


def check_metrics(spec: Spec, task: Task) -> None:
    """Refuse unknown metrics and options, before any data are read.

    Raises
    ------
    SpecError
    """
    example = np.eye(2)[::-1]
    with _at(spec, "metrics"):
        metrics.score(task.scores, example, example)


def rehearse(
    spec: Spec, task: Task, trial: Trial, model: Model
) -> tuple[Situation, dict[str, Any]]:
    """Build `model` for the data of `trial`; return the situation and what the baselines say.

    Afterwards all is known to fit: data, targets, split, wiring, what is generated, metrics; and
    every key that is given is one that such a task reads.

    Raises
    ------
    SpecError
        With the key of the task that does not fit.
    NodegraphError
        If the graph is too large, or cannot learn from such data.
    """
    state, situation = _built(spec, task, trial, model)
    model._hold(state)
    _check_keys(spec, situation)
    right = trial.right(model)
    with _at(spec, "metrics"):
        trial.score(right)
    if task.validation is not None:
        with _at(spec, "validate"):
            folds(trial, task)
            if task.validation.choose:
                chooser(model.plan)
    for name in trial.bounded(model):
        with _under(spec, "nodes", name):
            refuse_unheard(model.plan, name)
    with _at(spec, "baselines"):
        said = {trial.rivals[word]: trial.rival(word, right) for word in task.baselines}
    return situation, said


def _check_keys(spec: Spec, situation: Situation) -> None:
    """Refuse what is given and not read, each at its line."""
    sections = ((situation.task, "task"), (spec.header.engine, "engine"))
    found = [each for section, key in sections for each in unread(situation, section, (key,))]
    if found:
        lines = [str(error_at(spec.document, each.place, each.why)) for each in found]
        raise SpecError("\n".join(lines))


def _built(spec: Spec, task: Task, trial: Trial, model: Model) -> tuple[ModelState, Situation]:
    """Return the arrays of `model`, made for what it learns from and is scored on."""
    draft = model._settle().draft()
    x, y = trial.data.train
    with _at(spec):
        bound = draft.bind(named(x, trial.data.columns), y if model.plan.rules else None)
    with _at(spec, "target"):
        learners = draft.learners(bound)
    if task.online:
        with _at(spec, "online"):
            _check_online(draft, learners)
    warn_of_inputs(model.plan, bound)
    with _at(spec, "split"):
        warmup = checked_warmup(task.split.warmup, bound)
        warn_of_series_passed_over(model.plan, learners, bound, warmup)
        if not task.online:
            check_long_enough(model.plan, learners, bound)
    if trial.data.test is not None and trial.data.test.x is not None:
        with _at(spec):
            draft.draft().bind(trial.data.test.x, None)
    if isinstance(task.target, GenerateTarget):
        with _at(spec, "target"):
            _check_loop(draft, task.target)
    return draft, Situation(task, trial, model.plan, draft.slots, learners)


def _check_online(draft: ModelState, learners: Sequence[str]) -> None:
    """Refuse nodes that must learn before they run, and a graph of which none learns then."""
    rules = draft.plan.rules
    if rules and not any(rule.online for rule in rules.values()):
        raise GraphError(
            f"nothing here learns at every step; leave online out, or take an RLS or LMS readout "
            f"(rules are {', '.join(rules)})"
        )
    if not any(rules[name].online for name in learners):
        raise GraphError(
            f"nothing here learns online: {why_idle(draft.plan, draft.frozen, online=True)}"
        )
    for name in learners:
        if not draft.plan.rules[name].online and not draft.is_ready(name):
            kind = type(draft.plan.nodes[name]).__name__
            raise GraphError(
                f"learns at every step only, and {name} ({kind}) learns from all rows at once, "
                "before it can run; leave online out: then it learns first, and rules that learn "
                f"at every step do so behind it; or take {name} out of the graph"
            )


def _check_loop(draft: ModelState, target: GenerateTarget) -> None:
    """Refuse a generation in which it is not plain which output is which input."""
    takes = draft.initializer.data
    closed = find_loop(draft.plan, takes, target.loop)
    closed_plan(draft.plan, draft.initializer.sizes(), takes, closed)


def _at(spec: Spec, *keys: str) -> AbstractContextManager[None]:
    """Say of what does not fit where it stands in the task."""
    return _under(spec, "task", *keys)


@contextmanager
def _under(spec: Spec, *keys: str) -> Iterator[None]:
    """Say of what does not fit where it stands in the file."""
    try:
        yield
    except DataError as error:
        raise error_at(spec.document, keys, str(error)) from error
    except (FieldError, GraphError) as error:
        raise error_at_node(spec.document, keys, str(error)) from error


def engine_of(
    header: Header,
    word: str | None = None,
    address: str | None = None,
    wait: float | None = None,
    log: Path | None = None,
) -> Any:
    """Return the engine of a YAML graph, or the one that `word` and `address` name.

    Parameters
    ----------
    header : Header
    word : {"local", "ray"}, optional
        In place of the kind that stands there.
    address : str, optional
        Of a running Ray cluster.
    wait : float, optional
        Seconds to wait for it.
    log : path, optional
        File for what Ray itself says.

    Raises
    ------
    SpecError
        If an address is given for an engine that has none, or there is nothing to wait for.
    """
    section = header.engine
    if word is not None and word != section.kind:
        section = RayEngine.model_validate({"kind": "ray"}) if word == "ray" else LocalEngine()
    if not isinstance(section, RayEngine):
        if address is not None:
            raise SpecError("--address is that of a Ray cluster: write --engine ray with it")
        if wait is not None:
            raise SpecError(_NOTHING_TO_WAIT_FOR)
        return word or "local"
    from nodegraph.engines.ray.engine import RayEngine as Engine

    fields = section.model_dump(exclude={"kind", "address", "workers"}, exclude_none=True)
    workers = section.workers if section.workers and section.workers > 0 else None
    found = address or section.address or os.environ.get("RAY_ADDRESS")
    if wait is not None and found is None:
        raise SpecError(_NOTHING_TO_WAIT_FOR)
    fields |= {"wait": wait or 0.0, "log": None if log is None else str(log)}
    return Engine(address or section.address, workers=workers, **fields)


_NOTHING_TO_WAIT_FOR = "--wait waits for the head of a Ray cluster: write --address with it"


def preview(spec: Spec, joined: Any = None) -> Iterator[tuple[str, list[dict[str, str]], str]]:
    """Yield what happens, its actors and whether they pay: for each stage of learning, or to run.

    On this machine alone, or on the cluster that the engine `joined` is connected to. Widths are
    those of the task's data; without a task one column is assumed.
    """
    header = spec.header
    model = Model(spec.graph, seed=header.seed, dtype=header.dtype)
    draft = model._settle().draft()
    taught = any(rule.supervised for rule in model.plan.rules.values())
    x, y = _first_rows(spec, model.plan)
    draft.bind(x, y if taught else None)
    engine, cpus = joined or engine_of(header, "ray"), None if joined else usable_cpus()
    learners = [name for name in model.plan.rules if name in draft.slots]
    for number, stage in enumerate(stages(model.plan, learners, True), 1):
        work = Request(learn=frozenset(stage.learners))
        rows, words = engine.preview(stage.plan, draft.slots, work, cpus)
        yield f"stage {number}: {', '.join(stage.learners)}", rows, words
    if not learners:
        plan = model.plan.for_running(model.plan.outputs)
        yield "to run", *engine.preview(plan, draft.slots, Request(plan.outputs), cpus)


def _first_rows(spec: Spec, plan: Plan) -> tuple[Any, Any]:
    if spec.header.task is None:
        sizes = {name: plan.nodes[name].declared_size or 1 for name in plan.inputs}
        return {name: np.zeros((2, size)) for name, size in sizes.items()}, np.zeros((2, 1))
    root = spec.data or spec.folder
    train = Preparation(spec.header.task, root=root, document=spec.document, plan=plan).data().train
    return _two_rows(train.x), _two_rows(train.y)


def _two_rows(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _two_rows(part) for name, part in data.items()}
    if isinstance(data, list):
        return [np.asarray(part)[:2] for part in data[:1]]
    rows = np.asarray(data)
    return rows[:1, :2] if rows.ndim == 3 else rows[:2]
