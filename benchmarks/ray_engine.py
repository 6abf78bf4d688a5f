"""What Ray actors bring, and what they cost: ensembles, many series, chains, chunks and kills."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodes import ESN, RLS, Input, Reservoir, Ridge

__all__ = ["main"]

RNG = np.random.default_rng(0)
STEPS, REPEATS, KILLS = 10_000, 3, 10
TICKS = os.sysconf("SC_CLK_TCK")


def family_cpu() -> float:
    """Return the CPU seconds of this process and of all that it started."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        stats[int(path.parent.name)] = int(words[1]), int(words[11]) + int(words[12])
    family = {os.getpid()}
    while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[pid][1] for pid in family if pid in stats) / TICKS


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, float]:
    """Return the least wall and CPU seconds of some runs, after one that is not timed."""
    work()
    wall, cpu = [], []
    for _ in range(repeats):
        begin, used = time.perf_counter(), family_cpu()
        work()
        wall.append(time.perf_counter() - begin)
        cpu.append(family_cpu() - used)
    return min(wall), min(cpu)


def ensemble() -> list[Any]:
    """Return the row of 12 ESNs: two actors beside one, and one beside the local engine."""
    graph = Input() >> [ESN(units=1000, connectivity=0.1) for _ in range(12)]
    x = RNG.standard_normal((STEPS, 1))

    def fit(engine: Any) -> tuple[float, float]:
        model = ng.Model(graph, engine=engine)
        y = dict.fromkeys(model.plan.rules, x)
        return timed(lambda: model.fit(x, y))

    here = fit("local")
    with ng.RayEngine(workers=1) as engine:
        one = fit(engine)
    with ng.RayEngine(workers=2) as engine:
        two = fit(engine)
    return ["12 ESNs of 1000 units", *_cells(here, one, two), one[0] / two[0], one[1] / here[1]]


def series() -> list[Any]:
    """Return the row of a fit on 256 series."""
    xs = [RNG.standard_normal((500, 2)) for _ in range(256)]

    def fit(engine: Any) -> tuple[float, float]:
        model = ng.Model(Input() >> Reservoir(units=1000) >> Ridge(), engine=engine)
        return timed(lambda: model.fit(xs, xs))

    here = fit("local")
    with ng.RayEngine(workers=1) as engine:
        one = fit(engine)
    with ng.RayEngine(workers=2) as engine:
        two = fit(engine)
    return ["256 series of 500 steps", *_cells(here, one, two), one[0] / two[0], one[1] / here[1]]


def chain() -> list[Any]:
    """Return the row of four heavy reservoirs, one after the other."""
    heavy = [Reservoir(units=1000, connectivity=1.0, name=f"r{i}") for i in range(4)]
    graph = Input() >> heavy[0] >> heavy[1] >> heavy[2] >> heavy[3]
    x = RNG.standard_normal((4000, 1))

    def run(engine: Any) -> tuple[float, float]:
        model = ng.Model(graph, engine=engine)
        return timed(lambda: model.run(x))

    here = run("local")
    with ng.RayEngine(workers=1) as engine:
        one = run(engine)
    with ng.RayEngine(workers=2) as engine:
        two = run(engine)
    return ["4 dense blocks in a chain", *_cells(here, one, two), here[0] / two[0],
            one[1] / here[1]]  # fmt: skip


def _cells(*times: tuple[float, float]) -> list[float]:
    return [seconds for pair in times for seconds in pair]


def overhead() -> str:
    """Return what a chunk costs beside a bare chain of actor calls with the same payload."""
    rows = []
    with ng.RayEngine(placement="node", chunk=256, workers=4, num_cpus=0.5) as engine:
        engine.cpus()
        import ray

        @ray.remote(num_cpus=0.5)
        class Bare:
            def step(self, x: Any) -> Any:
                return x + 1

        for units in (1, 100, 1000):
            x = RNG.standard_normal((256 * 60, units))
            model = ng.Model(_nothing(3), engine=engine)
            ours = timed(lambda: model.run(x))  # noqa: B023
            engine.close()
            engine.cpus()
            actors = [Bare.remote() for _ in range(4)]

            def bare() -> None:
                waiting = []
                for start in range(0, len(x), 256):  # noqa: B023
                    ref: Any = x[start : start + 256]  # noqa: B023
                    for actor in actors:  # noqa: B023
                        ref = actor.step.remote(ref)
                    waiting.append(ref)
                    if len(waiting) > 8:
                        ray.get(waiting.pop(0))
                ray.get(waiting)

            theirs = timed(bare)
            for actor in actors:
                ray.kill(actor)
            per = 1000 / 60
            rows.append([units, ours[0] * per, ours[1] * per, theirs[0] * per, theirs[1] * per,
                         ours[0] / theirs[0], ours[1] / theirs[1]])  # fmt: skip
    head = ["values a step", "ours, wall ms", "CPU ms", "bare, wall ms", "CPU ms", "wall", "CPU"]
    return markdown("A chunk of 256 steps through 4 actors that do next to nothing", head, rows)


def _nothing(count: int) -> Any:
    from nodes import Identity

    graph: Any = Input()
    for _ in range(count):
        graph = graph >> Identity()
    return graph


def kills() -> str:
    """Return how long a stream takes whose actors are killed, and whether its bits differ."""
    x = RNG.standard_normal((100_000, 2))
    graph = Input() >> Reservoir(units=200) >> RLS()
    here = ng.Model(graph, seed=1)
    wanted = here.partial_fit(x, x)
    with ng.RayEngine(
        workers=1, chunk=256, snapshot=0.5, nodes={"rls": {"num_cpus": 0.9}}
    ) as engine:
        model = ng.Model(graph, seed=1, engine=engine)
        model.partial_fit(x[:1000], x[:1000])
        model.reset()
        plain = timed(lambda: ng.Model(graph, seed=1, engine=engine).partial_fit(x, x), 1)[0]
        stop, done = threading.Event(), []

        def kill() -> None:
            while not stop.wait(float(np.random.default_rng(len(done)).uniform(1, 4))):
                for pid in engine.pids()[:1]:
                    os.kill(pid, signal.SIGKILL)
                    done.append(pid)

        before, differ, total = engine.watch.lost, 0, 0.0
        thread = threading.Thread(target=kill)
        thread.start()
        rounds = 0
        while engine.watch.lost - before < KILLS:
            begin = time.perf_counter()
            found = ng.Model(graph, seed=1, engine=engine).partial_fit(x, x)
            total += time.perf_counter() - begin
            differ += not np.array_equal(found, wanted)
            rounds += 1
        stop.set()
        thread.join()
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
