"""What a chunk costs the driver with 10, 100 and 1000 actors, none of which is there.

The pipeline is the real one; its workers answer at once. What a call to a Ray actor costs the
driver is measured on one actor and added for each call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.data.series import Chunk
from nodegraph.engines.ray.actors import RayHandle
from nodegraph.engines.ray.parcels import Parcel, unpacked
from nodegraph.engines.ray.partition import cut, depth_of
from nodegraph.engines.ray.pipeline import Pipeline, PipelineOptions
from nodegraph.engines.ray.placement import group_nodes, together_of
from nodegraph.engines.ray.resources import Resources
from nodegraph.engines.ray.worker import Receipt, Snapshot
from nodegraph.engines.request import Request
from nodes import Input, Reservoir

__all__ = ["main"]

ROWS, UNITS, CALLS, REPEATS = 256, 10, 400, 3
OUT = np.zeros((128 * ROWS, 1))


class Absent:
    """A worker that does nothing at once."""

    title = "nobody"

    def __init__(self, pool: Nobody):
        self.pool = pool

    def call(self, method: str, *args: Any, returns: int = 1) -> list[Any]:
        """Return what such a call gives."""
        self.pool.calls += 1
        stands = [Snapshot({}, None, None, 0.0)] if method == "run" and args[2].asks else []
        return [OUT] * (returns - 1 - len(stands)) + [Receipt()] + stands

    def settled(self, light: bool) -> None:
        """Do nothing."""


class Nobody:
    """Workers that are not there."""

    def __init__(self) -> None:
        self.calls = 0

    def start(self, groups: Sequence[Sequence[str]]) -> list[Any]:
        """Return as many as are wanted."""
        return [Absent(self) for _ in groups]

    def share(self, value: Any) -> Any:
        """Return it."""
        return value

    def take(self, refs: Sequence[Any]) -> list[Any]:
        """Return what the calls gave."""
        return list(refs)

    def release(self, workers: Sequence[Any]) -> None:
        """Do nothing."""

    def stop(self, workers: Sequence[Any]) -> None:
        """Do nothing."""


class Listener:
    """A Ray actor that hears of chunks."""

    def run_packed(self, words: bytes, *arrays: Any) -> Receipt:
        """Say that they came."""
        unpacked(words, arrays)
        return Receipt()


def chunks(count: int) -> Iterator[Chunk]:
    """Yield chunks of one input."""
    for _ in range(count):
        yield Chunk(ROWS, {"input": OUT[:ROWS]}, {}, 0, None)


def call_cost() -> float:
    """Return the milliseconds of the driver's CPU that a call takes, with its answer."""
    import ray

    with ng.RayEngine(workers=1) as engine:
        engine.cpus()
        actor: Any = ray.remote(Listener).remote()
        worker = RayHandle(ray, actor, Resources(), "", ())
        xs, parcel = ray.put(OUT[:ROWS]), Parcel(Chunk(ROWS, {}, {}, 0, None), (ROWS,), 0)
        cost = []
        for _ in range(REPEATS):
            begin = time.process_time()
            ray.get([worker.call("run", 0, i, parcel, xs)[0] for i in range(CALLS)])
            cost.append((time.process_time() - begin) / CALLS * 1000)
        ray.kill(actor)
    return min(cost)


def driver(machines: int, together: int) -> tuple[float, float, int]:
    """Return calls a chunk, milliseconds of the pipeline a chunk, and the chunks of a call."""
    graph = Input() >> [Reservoir(units=UNITS, name=f"r{i}") for i in range(machines - 1)]
    model = ng.Model(graph, seed=1)
    model.run(np.zeros((1, 1)))
    plan, slots = model.plan, model._settle().slots
    parts = cut(plan, group_nodes(plan, {}, machines, placement="node"), (), ())
    together = together or together_of(machines, ROWS, 1.0)
    options = PipelineOptions(2 * depth_of(parts), together, None, 1e9)

    def through(count: int) -> tuple[int, float]:
        pool = Nobody()
        belt: Any = Pipeline(pool, plan, parts, dict(slots), Request(), options)  # type: ignore[arg-type]
        begin = time.process_time()
        for _ in belt.through(chunks(count)):
            pass
        return pool.calls, time.process_time() - begin

    n = 4 * together
    few, many = ([through(count) for _ in range(REPEATS)] for count in (n, 3 * n))
    calls = (many[0][0] - few[0][0]) / (2 * n)
    cpu = min(seconds for _, seconds in many) - min(seconds for _, seconds in few)
    return calls, max(0.0, cpu) / (2 * n) * 1000, together


def main() -> str:
    """Return the table as Markdown."""
    each, rows = call_cost(), []
    for machines in (10, 100, 1000):
        for together in (1, 0):
            calls, own, size = driver(machines, together)
            total = own + calls * each
            rows.append([machines, machines * UNITS, size, calls, own, total, 1000 * ROWS / total])
    head = ["actors", "units", "chunks a call", "calls a chunk", "pipeline, ms a chunk",
            "driver, ms a chunk", "steps/s that the driver can hand out"]  # fmt: skip
    title = f"The driver with many machines; a call costs it {each:.2f} ms"
    return markdown(title, head, rows)


if __name__ == "__main__":
    print(main())
