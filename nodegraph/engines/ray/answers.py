"""What calls to Ray actors give; while one waits for it, whether their machines are still there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from time import monotonic
from typing import Any

from nodegraph.engines.checkpointer import heed
from nodegraph.engines.ray.actors import RayHandle
from nodegraph.engines.ray.head import Head
from nodegraph.engines.ray.machines import Machines
from nodegraph.engines.ray.meaning import meaning
from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.errors import EngineError

__all__ = ["PAUSE", "Answers"]

PAUSE = 0.5  # seconds that one waits at a time, to look about in between
SILENT = 1.5  # seconds without a word until machines are asked whether they are there


class Answers:
    """Waits for what some actors were asked for.

    Parameters
    ----------
    ray : module
    workers : list of RayHandle
        All that may be lost; it changes.
    timeout : float
        Seconds after which it is given up.
    head : Head
    """

    def __init__(self, ray: Any, workers: list[RayHandle], timeout: float, head: Head):
        self._ray, self._workers, self._timeout, self._head = ray, workers, timeout, head
        self.machines = Machines(ray, head)
        self._silent = set[str]()  # machines that did not answer the last time
        self.gone = set[str]()  # machines that are down, which Ray may not know yet

    def take(self, refs: Sequence[Any]) -> list[Any]:
        """Return what the calls gave.

        Raises
        ------
        WorkerLost
        Exception
            What a worker raised.
        """
        refs, begin = list(refs), monotonic()
        while True:
            try:
                return list(self._ray.get(refs, timeout=PAUSE))
            except self._ray.exceptions.GetTimeoutError:
                self._look_about(begin)
            except Exception as error:
                found = meaning(self._ray, error, self._workers)
                if found is error:
                    raise
                raise found from error

    def some(self, refs: Sequence[Any]) -> list[Any]:
        """Return those of some calls that are done, as soon as one is; nothing of it is fetched."""
        refs, begin = list(refs), monotonic()
        while not self._ray.wait(refs, timeout=PAUSE, fetch_local=False)[0]:
            self._look_about(begin)
        done: list[Any] = self._ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)[
            0
        ]
        return done

    def _look_about(self, begin: float) -> None:
        """Find a reason not to wait any longer."""
        if monotonic() - begin > self._timeout:
            raise EngineError(
                f"a worker has said nothing for {self._timeout:g} s; if its chunks take "
                "that long, give a smaller chunk or a longer timeout"
            )
        heed()
        self._head.look()
        if monotonic() - begin > SILENT:
            self._look_at_machines()

    def _look_at_machines(self) -> None:
        """Find a machine that is down, whose silence Ray would bear with for ten seconds.

        Raises
        ------
        WorkerLost
        """
        there = {worker.machine: worker for worker in self._workers if worker.machine}
        silent = self.machines.silent(there)
        again, self._silent = silent & self._silent - self.gone, silent
        for name in sorted(again):
            raise WorkerLost("its machine does not answer", there[name])

    def look_at(self, machines: Collection[str]) -> None:
        """Take note of which of some machines are down."""
        self.gone |= self.machines.silent(machines)
