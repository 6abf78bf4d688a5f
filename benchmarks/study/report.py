"""The table of the study."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.study.models import MODELS, UNITS
from benchmarks.study.search import Found, study
from benchmarks.study.tasks import TASKS
from benchmarks.tables import markdown

__all__ = ["main"]

KEPT = Path("out/benchmarks/study.json")
ESN = f"ESN, {UNITS} units"


def main() -> str:
    """Return the tables as Markdown; settings and all errors go to a file beside them."""
    pairs = [(task, model) for task in TASKS for model in MODELS]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        found = list(pool.map(study, *zip(*pairs, strict=True)))
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps([one._asdict() for one in found], indent=1))
    return "\n".join([_errors(found), _costs(found)])


def _errors(found: Sequence[Found]) -> str:
    errors = {(one.model, one.task): [o.test for o in one.outcomes] for one in found}
    rows = [
        [model, *(_cell(errors[model, task], errors[ESN, task]) for task in TASKS)]
        for model in MODELS
    ]
    title = f"Test NRMSE, {UNITS} variables: median (quartiles), seeds better than the ESN's"
    return markdown(title, ["population", *TASKS], rows)


def _cell(errors: Sequence[float], beside: Sequence[float]) -> str:
    low, _, high = quantiles(errors, n=4)
    wins = sum(one < other for one, other in zip(errors, beside, strict=True))
    return f"{median(errors):.3g} ({low:.3g} to {high:.3g}), {wins}"


def _costs(found: Sequence[Found]) -> str:
    rows: list[list[Any]] = []
    for model in MODELS:
        outcomes = [o for one in found if one.model == model for o in one.outcomes]
        learning, running = (min(o.learning for o in outcomes), min(o.running for o in outcomes))
        rows.append([model, learning, running])
    head = ["population", "learning", "running"]
    return markdown("CPU time, microseconds a step of the training rows and of all", head, rows)


if __name__ == "__main__":
    print(main())
