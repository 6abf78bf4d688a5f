"""Ten minutes of learning on Ray actors that are killed at random: bits, memory and hangs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.processes import family, killing, resident
from benchmarks.tables import markdown
from nodegraph.errors import EngineError
from nodes import ESN, RLS, Input, Reservoir, Ridge

__all__ = ["main"]

SECONDS, EVERY = 600.0, 5.0
PATIENCE = 60.0  # seconds without a word after which a round has failed
X = np.random.default_rng(0).standard_normal((60_000, 2))
Round = Callable[[Any], Any]


def stream(engine: Any) -> Any:
    """Return what a readout that learns online gives, and its weights."""
    model = ng.Model(Input() >> Reservoir(units=100) >> RLS(name="out"), seed=1, engine=engine)
    return [model.partial_fit(X, X), *model.params["out"]]


def fit(engine: Any) -> Any:
    """Return the weights of an ensemble that learns from one long series."""
    model = ng.Model(Input() >> [ESN(units=300) for _ in range(6)], seed=1, engine=engine)
    model.fit(X, dict.fromkeys(model.plan.rules, X))
    return [array for name in model.plan.rules for array in model.params[name]]


def series(engine: Any) -> Any:
    """Return the weights of a readout that learns from many series."""
    model = ng.Model(Input() >> Reservoir(units=300) >> Ridge(name="out"), seed=1, engine=engine)
    xs = np.split(X, 120)
    return [*model.fit(xs, xs).params["out"]]


class Sample(NamedTuple):
    """MB of memory at one moment."""

    driver: float
    actor: float  # each of them
    ray: float  # all its other processes
    store: float  # shared memory of this machine, where the objects are


def _sample(pids: list[int]) -> Sample:
    others = family() - {os.getpid(), *pids}
    shared = os.statvfs("/dev/shm")
    store = (shared.f_blocks - shared.f_bfree) * shared.f_frsize / 1e6
    living = [size for size in map(resident, pids) if size] or [np.nan]
    rest = sum(map(resident, others))
    return Sample(resident(os.getpid()), sum(living) / len(living), rest, store)


@contextmanager
def _sampling(pids: Callable[[], list[int]]) -> Iterator[list[Sample]]:
    stop, found = threading.Event(), list[Sample]()

    def sample() -> None:
        while not stop.wait(EVERY):
            found.append(_sample(pids()))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def main(seconds: float = SECONDS) -> str:
    """Return the tables as Markdown."""
    rounds: tuple[Round, ...] = stream, fit, series
    wanted = {each: each("local") for each in rounds}
    done, differ, failed = 0, 0, 0
    with ng.RayEngine(workers=2, snapshot=0.5, restarts=20, timeout=PATIENCE) as engine:
        for each in rounds:  # so that all is there that will be
            each(engine)
        before, begin = engine.watch.lost, time.monotonic()
        with killing(engine.pids, 1, 6) as killed, _sampling(engine.pids) as samples:
            for each in cycle(rounds):
                if time.monotonic() - begin > seconds:
                    break
                try:
                    found = each(engine)
                except EngineError as error:
                    print(error, flush=True)
                    failed += 1
                    continue
                pairs = zip(found, wanted[each], strict=True)
                differ += not all(np.array_equal(one, other) for one, other in pairs)
                done += 1
        lost, minutes = engine.watch.lost - before, (time.monotonic() - begin) / 60
    head = ["minutes", "rounds", "kills", "of workers at work", "rounds that differ", "that fail"]
    counts = markdown("A soak on Ray", head, [[minutes, done, len(killed), lost, differ, failed]])
    return counts + "\n" + _memory(samples)


def _memory(samples: list[Sample]) -> str:
    """Return the table of the memory in the first and the last third of the time."""
    third = len(samples) // 3
    first, last = np.array(samples[:third]), np.array(samples[-third:])
    rows = [
        [name, float(np.nanmean(a)), float(np.nanmean(b)), float(np.nanmax([a, b]))]
        for name, a, b in zip(Sample._fields, first.T, last.T, strict=True)
    ]
    return markdown("Its memory", ["MB", "first third", "last third", "most"], rows)


if __name__ == "__main__":
    print(main())
