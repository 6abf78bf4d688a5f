"""Timing two programs in turn, so that what disturbs one disturbs the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

__all__ = ["Comparison", "Times", "compare"]


class Times(NamedTuple):
    """Seconds that repeats of one program took, by the wall clock and of CPU."""

    wall: list[float]
    cpu: list[float]


class Comparison(NamedTuple):
    """Times of ours and of a peer's program on the same work."""

    ours: Times
    theirs: Times

    @property
    def ratio(self) -> float:
        """Their least CPU time over ours; above 1 we are the faster one."""
        return min(self.theirs.cpu) / min(self.ours.cpu)

    @property
    def wall_ratio(self) -> float:
        """The same by the wall clock, for work on several cores."""
        return min(self.theirs.wall) / min(self.ours.wall)

    def cells(self, steps: int) -> list[Any]:
        """Return wall minimum and median, and CPU minimum, of both in microseconds a step."""
        return [
            1e6 * seconds / steps
            for times in (self.ours, self.theirs)
            for seconds in (min(times.wall), median(times.wall), min(times.cpu))
        ]


def compare(ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int) -> Comparison:
    """Run both in turn on one BLAS thread; their first run is not timed."""
    times = Times([], []), Times([], [])
    with threadpool_limits(1):
        for repeat in range(repeats + 1):
            for kept, program in zip(times, (ours, theirs), strict=True):
                wall, cpu = time.perf_counter(), time.process_time()
                program()
                if repeat:
                    kept.cpu.append(time.process_time() - cpu)
                    kept.wall.append(time.perf_counter() - wall)
    return Comparison(*times)
