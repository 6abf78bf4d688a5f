"""What the study has found so far, one line of JSON for each model and task."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.study.search import Found
from benchmarks.study.trial import Outcome

__all__ = ["known", "note"]


def known(path: Path, budget: int) -> dict[tuple[str, str], Found]:
    """Return what is in the file, by task and model; what had another budget is left out."""
    if not path.exists():
        return {}
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    every = [
        Found(**{**line, "outcomes": tuple(Outcome(**one) for one in line["outcomes"])})
        for line in lines
    ]
    return {(one.task, one.model): one for one in every if one.budget == budget}


def note(path: Path, found: Found) -> None:
    """Add a line to the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {**found._asdict(), "outcomes": [one._asdict() for one in found.outcomes]}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
