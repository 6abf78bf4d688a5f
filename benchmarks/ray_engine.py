"""What Ray actors bring, and what they cost: ensembles, many series, chains, chunks and kills."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.processes import family_cpu, killing
from benchmarks.tables import markdown
from nodes import ESN, RLS, Identity, Input, Reservoir, Ridge

__all__ = ["main"]

RNG = np.random.default_rng(0)
STEPS, REPEATS, KILLS = 10_000, 3, 10
ROWS, CHUNKS, WINDOW = 256, 60, 8
Cost = tuple[float, float]  # least wall and CPU seconds


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> Cost:
    """Return the cost of some work, done once before it is timed."""
    work()
    wall, cpu = [], []
    for _ in range(repeats):
        begin, used = time.perf_counter(), family_cpu()
        work()
        wall.append(time.perf_counter() - begin)
        cpu.append(family_cpu() - used)
    return min(wall), min(cpu)


def beside(title: str, work: Callable[[Any], Callable[[], Any]], over: str = "one") -> list[Any]:
    """Return the row of what `work` makes of an engine: here, on one actor and on two.

    Parameters
    ----------
    title : str
    work : callable
    over : {"one", "here"}
        What two actors are compared with.
    """
    cost = {"here": timed(work("local"))}
    for word, workers in (("one", 1), ("two", 2)):
        with ng.RayEngine(workers=workers) as engine:
            cost[word] = timed(work(engine))
    cells = [seconds for pair in cost.values() for seconds in pair]
    return [title, *cells, cost[over][0] / cost["two"][0], cost["one"][1] / cost["here"][1]]


def fit(graph: Any, x: Any) -> Callable[[Any], Callable[[], Any]]:
    """Return what makes, of an engine, the fit of a graph whose readouts have `x` as target."""

    def on(engine: Any) -> Callable[[], Any]:
        model = ng.Model(graph, engine=engine)
        return lambda: model.fit(x, dict.fromkeys(model.plan.rules, x))

    return on


def ensemble() -> list[Any]:
    """Return the row of 12 ESNs."""
    graph = Input() >> [ESN(units=1000, connectivity=0.1) for _ in range(12)]
    return beside("12 ESNs of 1000 units", fit(graph, RNG.standard_normal((STEPS, 1))))


def series() -> list[Any]:
    """Return the row of a fit on 256 series."""
    xs = [RNG.standard_normal((500, 2)) for _ in range(256)]
    return beside("256 series of 500 steps", fit(Input() >> Reservoir(units=1000) >> Ridge(), xs))


def chain() -> list[Any]:
    """Return the row of four heavy reservoirs, one after the other."""
    heavy = [Reservoir(units=1000, connectivity=1.0, name=f"r{i}") for i in range(4)]
    graph = Input() >> heavy[0] >> heavy[1] >> heavy[2] >> heavy[3]
    x = RNG.standard_normal((4000, 1))

    def on(engine: Any) -> Callable[[], Any]:
        model = ng.Model(graph, engine=engine)
        return lambda: model.run(x)

    return beside("4 dense blocks in a chain", on, "here")


def overhead() -> str:
    """Return what a chunk costs beside a bare chain of actor calls with the same payload."""
    rows = []
    with ng.RayEngine(placement="node", chunk=ROWS, workers=4, num_cpus=0.5) as engine:
        for units in (1, 100, 1000):
            x = RNG.standard_normal((ROWS * CHUNKS, units))
            graph = Input() >> Identity() >> Identity() >> Identity()
            ours = _run(ng.Model(graph, engine=engine), x)
            engine.close()
            engine.cpus()
            theirs = _bare(x)
            cells = [seconds * 1000 / CHUNKS for seconds in (*ours, *theirs)]
            rows.append([units, *cells, ours[0] / theirs[0], ours[1] / theirs[1]])
    head = ["values a step", "ours, wall ms", "CPU ms", "bare, wall ms", "CPU ms", "wall", "CPU"]
    return markdown("A chunk of 256 steps through 4 actors that do next to nothing", head, rows)


def _run(model: ng.Model, x: Any) -> Cost:
    return timed(lambda: model.run(x))


class _Bare:
    """An actor that does next to nothing."""

    def step(self, x: Any) -> Any:
        return x + 1


def _bare(x: Any) -> Cost:
    """Return the cost of `x` in chunks through a chain of actors, without anything of ours."""
    import ray

    actors = [ray.remote(_Bare).options(num_cpus=0.5).remote() for _ in range(4)]

    def through() -> None:
        waiting: deque[Any] = deque()
        for start in range(0, len(x), ROWS):
            ref: Any = x[start : start + ROWS]
            for actor in actors:
                ref = actor.step.remote(ref)
            waiting.append(ref)
            if len(waiting) > WINDOW:
                ray.get(waiting.popleft())
        ray.get(list(waiting))

    cost = timed(through)
    for actor in actors:
        ray.kill(actor)
    return cost


def kills() -> str:
    """Return how long a stream takes whose actors are killed, and whether its bits differ."""
    x = RNG.standard_normal((100_000, 2))
    graph = Input() >> Reservoir(units=200) >> RLS()
    wanted = ng.Model(graph, seed=1).partial_fit(x, x)
    options = {"chunk": ROWS, "snapshot": 0.5, "nodes": {"rls": {"num_cpus": 0.9}}}
    with ng.RayEngine(workers=1, **options) as engine:
        plain = timed(lambda: ng.Model(graph, seed=1, engine=engine).partial_fit(x, x), 1)[0]
        before, differ, total, rounds = engine.watch.lost, 0, 0.0, 0
        with killing(engine.pids, 1, 4):
            while engine.watch.lost - before < KILLS:
                begin = time.perf_counter()
                found = ng.Model(graph, seed=1, engine=engine).partial_fit(x, x)
                total += time.perf_counter() - begin
                differ += not np.array_equal(found, wanted)
                rounds += 1
        lost = engine.watch.lost - before
    row = [lost, differ, (total - rounds * plain) / lost]
    return markdown("Actors killed in mid-stream", ["kills", "runs that differ", "s a kill"], [row])


def main() -> str:
    """Return the tables as Markdown."""
    head = ["work", "local s", "CPU s", "1 actor s", "CPU s", "2 actors s", "CPU s", "speed-up",
            "CPU, 1 actor / local"]  # fmt: skip
    table = markdown("On Ray actors", head, [ensemble(), series(), chain()])
    return "\n".join([table, overhead(), kills()])


if __name__ == "__main__":
    print(main())
