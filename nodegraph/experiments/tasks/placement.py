"""Which Ray actor would hold which nodes of a YAML graph, for each stage of learning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nodegraph.engines.request import Request
from nodegraph.experiments.tasks.engine_choice import engine_of
from nodegraph.experiments.tasks.task_data import prepare
from nodegraph.files.yaml.spec import Spec
from nodegraph.graph.plan import Plan
from nodegraph.host.machine import usable_cpus
from nodegraph.model import Model
from nodegraph.model.stages import stages

__all__ = ["preview"]


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
    train = prepare(spec.header.task, root=root, document=spec.document, plan=plan).train
    return _two_rows(train.x), _two_rows(train.y)


def _two_rows(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _two_rows(part) for name, part in data.items()}
    if isinstance(data, list):
        return [np.asarray(part)[:2] for part in data[:1]]
    rows = np.asarray(data)
    return rows[:1, :2] if rows.ndim == 3 else rows[:2]
