"""The tables of the study."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np

from benchmarks.study.models import MODELS, RESERVOIRS, UNITS
from benchmarks.study.record import known, note
from benchmarks.study.search import BUDGET, Found, study
from benchmarks.study.tasks import TASKS
from benchmarks.study.trial import Outcome
from benchmarks.tables import markdown

__all__ = ["KEPT", "main", "tables"]

KEPT = Path("out/benchmarks/study.jsonl")
ESN = RESERVOIRS[0]
Results = Mapping[tuple[str, str], Found]


def main(
    path: Path = KEPT,
    workers: int | None = None,
    tasks: Sequence[str] = tuple(TASKS),
    models: Sequence[str] = tuple(MODELS),
) -> str:
    """Return the tables as Markdown; each result goes to a file, and none in it is made again."""
    wanted = {(task, model) for task in tasks for model in models}
    missing = wanted - set(known(path, BUDGET))
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        for done in as_completed([pool.submit(study, *pair) for pair in sorted(missing)]):
            note(path, done.result())
    found = known(path, BUDGET)
    whole = len(wanted) == len(TASKS) * len(MODELS)
    return tables(found) if whole else _part({pair: found[pair] for pair in sorted(wanted)})


def tables(found: Results) -> str:
    """Return the tables as Markdown."""
    return "\n".join([_errors(found), _spread(found), _costs(found), _beside(found)])


def _part(found: Results) -> str:
    rows = [[*pair, one.error, _quartiles(one)] for pair, one in found.items()]
    head = ["task", "population", "median", "quartiles"]
    return markdown(f"Test NRMSE of 10 seeds, {UNITS} variables", head, rows)


def _errors(found: Results) -> str:
    rows = [[model, *(_with_wins(found, task, model) for task in TASKS)] for model in MODELS]
    title = f"Test NRMSE, {UNITS} variables: median, and seeds of 10 better than the ESN's"
    return markdown(title, ["population", *TASKS], rows)


def _with_wins(found: Results, task: str, model: str) -> str:
    one, beside = (found[task, name].outcomes for name in (model, ESN))
    wins = sum(a.test < b.test for a, b in zip(one, beside, strict=True))
    error = f"{found[task, model].error:.3g}"
    return error if model == ESN else f"{error} ({wins})"


def _spread(found: Results) -> str:
    rows = [[model, *(_quartiles(found[task, model]) for task in TASKS)] for model in MODELS]
    return markdown("Quartiles of the test NRMSE", ["population", *TASKS], rows)


def _quartiles(found: Found) -> str:
    low, _, high = quantiles([outcome.test for outcome in found.outcomes], n=4)
    return f"{low:.3g} to {high:.3g}"


def _cost(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return the CPU time of learning, a step of the training rows, and of running one."""
    learning, running = np.nanmin([[o.learning, o.running] for o in outcomes], axis=0)
    return float(learning), float(running)


def _every(found: Results, model: str) -> list[Outcome]:
    return [outcome for task in TASKS for outcome in found[task, model].outcomes]


def _costs(found: Results) -> str:
    rows: list[list[Any]] = [[model, *_cost(_every(found, model))] for model in MODELS]
    head = ["population", "learning", "running"]
    return markdown("CPU time, microseconds a step of the training rows and of all", head, rows)


def _beside(found: Results) -> str:
    """Return how each population does beside the ESN that costs as much, or less."""
    others = [model for model in MODELS if model not in RESERVOIRS]
    rows = [[model, *(_ratio(found, task, model) for task in TASKS)] for model in others]
    title = "Test NRMSE over that of the best ESN that costs no more (its units)"
    return markdown(title, ["population", *TASKS], rows)


def _ratio(found: Results, task: str, model: str) -> str:
    """Return the ratio; the size of the ESN is chosen by the validation rows of the search."""
    costs = {name: sum(_cost(found[task, name].outcomes)) for name in (model, *RESERVOIRS)}
    allowed = [name for name in RESERVOIRS if costs[name] <= costs[model] or name == ESN]
    rival = min((found[task, name] for name in allowed), key=lambda one: one.chosen_by)
    units = rival.model.split()[1]
    return f"{found[task, model].error / rival.error:.2g} ({units})"
