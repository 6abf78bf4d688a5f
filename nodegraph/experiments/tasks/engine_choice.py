"""Which engine a YAML graph asks for, and what the command line says in place of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.engines.request import Request
from nodegraph.errors import SpecError
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.files.yaml.header import Header, LocalEngine, RayEngine
from nodegraph.files.yaml.spec import Spec
from nodegraph.graph.plan import Plan
from nodegraph.host.machine import usable_cpus
from nodegraph.model import Model
from nodegraph.model.stages import stages

__all__ = ["engine_of", "preview"]


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
