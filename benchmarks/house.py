"""Which of our own files one call passes through: what somebody who wants to follow it opens."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from inspect import CO_OPTIMIZED
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.cli import app
from nodes import Input, Reservoir, Ridge

__all__ = ["main", "passed"]

ROOT = Path(__file__).parents[1]
OURS = tuple(f"{ROOT / top}/" for top in ("nodegraph", "nodes"))

Walk = dict[str, set[CodeType]]
PATHS = {"fit": "Fit.run", "run": "Run.through"}  # around them data are bound, checked, doubted


def passed(call: Callable[[], Any], within: str = "") -> Walk:
    """Return the functions that ran while `call` did, by our file that they stand in.

    What runs only because a module is imported is not among them.

    Parameters
    ----------
    call : callable
    within : str, optional
        A function, such as "Fit.run": what does not run in it is left out.
    """
    found: Walk = defaultdict(set)
    importing: list[FrameType] = []
    inside: list[FrameType] = []

    def see(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if code.co_qualname == within and event in ("call", "return"):
            inside.append(frame) if event == "call" else inside.pop()
        if within and not inside:
            return
        if event == "return" and importing and frame is importing[-1]:
            importing.pop()
        elif event == "call" and code.co_filename.startswith("<frozen importlib"):
            importing.append(frame)
        elif event == "call" and not importing and code.co_filename.startswith(OURS):
            if code.co_flags & CO_OPTIMIZED and not code.co_name.startswith("<"):
                found[str(Path(code.co_filename).relative_to(ROOT))].add(code)

    sys.setprofile(see)
    try:
        call()
    finally:
        sys.setprofile(None)
    return dict(found)


def lines(walk: Walk) -> int:
    """Return how many lines of code the functions have."""
    return sum(
        len({n for *_, n in code.co_lines() if n}) for file in walk.values() for code in file
    )


def walks() -> dict[str, Walk]:
    """Return what each of the calls that a user makes first passes through."""
    x = np.sin(np.arange(600) / 5)[:, None]
    made: list[Any] = []
    calls: dict[str, Callable[[], Any]] = {
        "`Model(Input() >> Reservoir() >> Ridge())`": lambda: made.append(
            ng.Model(Input() >> Reservoir(units=100) >> Ridge(), seed=1)
        ),
        "`model.fit(x, y)`, first": lambda: made[0].fit(x[:-1], x[1:]),
        "`model.fit(x, y)`, again": lambda: made[0].fit(x[:-1], x[1:]),
        "`model.run(x)`, first": lambda: made[0].run(x),
        "`model.run(x)`, again": lambda: made[0].run(x),
        "`model.step(x)`, again": lambda: made[0].step(x[0]),
    }
    found = {}
    for name, call in calls.items():
        if "step" in name:
            call()
            call()
        found[name] = passed(call)
        for word, path in PATHS.items():
            if name.startswith(f"`model.{word}(") and name.endswith("again"):
                found[f"of them in `{path}`"] = passed(call, path)
    with TemporaryDirectory() as folder:
        words = ["run", str(ROOT / "graphs" / "sunspots.yaml"), "--out", folder]
        for which in ("first", "again"):
            name = f"`nodegraph run sunspots.yaml`, {which}"
            found[name] = passed(lambda: app(words, standalone_mode=False))
    return found


def main() -> str:
    """Return the table as Markdown."""
    head = ["call", "files", "of them compiling/", "functions", "their lines"]
    rows = [
        [
            name,
            len(walk),
            sum("/compiling/" in f for f in walk),
            sum(map(len, walk.values())),
            lines(walk),
        ]
        for name, walk in walks().items()
    ]
    return markdown("Own files that a call passes through", head, rows)


if __name__ == "__main__":
    print(main())
