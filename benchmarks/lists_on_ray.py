"""What learning from more and more series costs the driver, whose two actors keep the sums.

The series are views of a memory-mapped file, or arrays. What comes to the driver is counted where
it takes it; its CPU time and the growth of its memory are those of this process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array, leaves
from nodegraph.engines.ray.answers import Answers
from nodes import Input, Reservoir, Ridge

__all__ = ["main"]

UNITS, WIDTH, STEPS = 500, 64, 250


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the bytes of all arrays that come from actors."""
    came: list[int] = []
    take = Answers.take

    def noted(self: Answers, refs: Sequence[Any]) -> list[Any]:
        found = take(self, refs)
        came.extend(getattr(leaf, "nbytes", 0) for one in found for _, leaf in leaves(one))
        return found

    Answers.take = noted  # type: ignore[method-assign]
    try:
        yield came
    finally:
        Answers.take = take  # type: ignore[method-assign]


def fitted(series: list[Array], engine: ng.RayEngine) -> None:
    """Learn to give out what comes in."""
    graph = Input() >> Reservoir(units=UNITS, input_scaling=0.1) >> Ridge()
    ng.Model(graph, seed=1, dtype="float32", engine=engine).fit(series, series)


def cost(series: list[Array], engine: ng.RayEngine) -> tuple[float, float, float]:
    """Return seconds of CPU, MB that came, and MB that this process has grown by at most."""
    before, cpu = getrusage(RUSAGE_SELF).ru_maxrss, time.process_time()
    with counted() as came:
        fitted(series, engine)
    grown = getrusage(RUSAGE_SELF).ru_maxrss - before
    return time.process_time() - cpu, sum(came) / 1e6, grown / 1e3


def main() -> str:
    """Return the table as Markdown."""
    rows, rng = [], np.random.default_rng(1)
    with ng.RayEngine(workers=2) as engine, tempfile.TemporaryDirectory() as folder:
        fitted([rng.standard_normal((STEPS, WIDTH))] * 4, engine)
        for count in (40, 160, 640):
            path = Path(folder, f"{count}.npy")
            np.save(path, rng.standard_normal((count, STEPS, WIDTH), dtype="float32"))
            mapped = np.load(path, mmap_mode="r")
            for how, series in (("file", list(mapped)), ("arrays", list(np.array(mapped)))):
                cpu, came, grown = cost(series, engine)
                rows.append([count, how, count * STEPS, cpu, came, grown])
    head = ["series", "given as", "rows", "driver's CPU, s", "MB to the driver", "it grows by, MB"]
    return markdown(f"A list of series on two actors, a readout of {UNITS} units", head, rows)


if __name__ == "__main__":
    print(main())
