"""Who works: workers that are called from afar, in this process or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Protocol

from nodegraph.engines.ray.partition import title
from nodegraph.engines.ray.worker import Worker
from nodegraph.errors import EngineError

__all__ = ["InProcess", "NoRoom", "WorkerHandle", "WorkerLost", "WorkerPool"]

Ref = Any  # what a call will give: to be handed to other calls, or taken


class WorkerLost(Exception):
    """A worker died, or what it gave is lost with it.

    Parameters
    ----------
    message : str
    worker : WorkerHandle, optional
        Which one it was, if that is known.
    """

    def __init__(self, message: str, worker: Any = None):
        super().__init__(message)
        self.worker = worker


class NoRoom(EngineError):
    """Workers that there is no room for."""


class WorkerHandle(Protocol):
    """One worker, seen from afar. It does what it is called for in the order of the calls."""

    title: str  # the names of the nodes that it was started for

    def call(self, method: str, *args: Any, returns: int = 1) -> list[Ref]:
        """Ask for a method of `Worker`; return at once what will be its results.

        Of ``load`` there may be none: it is then done with the next call.
        """

    def settled(self, light: bool) -> None:
        """Take note that it has answered all calls, and holds so little that it may keep it."""


class WorkerPool(Protocol):
    """A number of workers."""

    def start(self, groups: Sequence[Sequence[str]]) -> list[Any]:
        """Return a `WorkerHandle` for each group of nodes."""

    def share(self, value: Any) -> Ref:
        """Return what stands for a value in calls; each machine is sent it once."""

    def lost(self, workers: Sequence[Any], lost: WorkerLost) -> list[Any]:
        """Return which of some workers are known to be dead, after one was lost."""

    def replace(self, dead: Sequence[Any], living: Sequence[Any]) -> list[Any]:
        """Return new workers in the place of some, beside those that live."""

    def take(self, refs: Sequence[Ref]) -> list[Any]:
        """Return what the calls gave, as soon as all are done.

        Raises
        ------
        WorkerLost
            If a worker died.
        Exception
            What a worker raised.
        """

    def ready(self, ref: Ref) -> bool:
        """Tell whether what a call gives is there."""

    def some(self, refs: Sequence[Ref]) -> list[Ref]:
        """Return those of some calls that are done, as soon as one is."""

    def release(self, workers: Sequence[Any]) -> None:
        """Give back workers that may do other work."""

    def stop(self, workers: Sequence[Any]) -> None:
        """End workers, whatever they are at."""


class _Promise:
    """What a call in this process gave."""

    def __init__(self, value: Any = None, error: BaseException | None = None):
        self.value, self.error = value, error


class _LocalHandle:
    """A worker in this process; nothing is shared with it that it could change."""

    def __init__(self, cross: Callable[[Any], Any], names: Sequence[str]):
        self.worker, self.cross, self.alive = Worker(), cross, True
        self.names, self.title = names, title(names)

    def call(self, method: str, *args: Any, returns: int = 1) -> list[Ref]:
        """Do it at once."""
        failed = [a.error for a in args if isinstance(a, _Promise) and a.error is not None]
        if not self.alive:
            return [_Promise(error=WorkerLost("the worker is dead", self))] * returns
        if failed:
            return [_Promise(error=failed[0])] * returns
        given = [a.value if isinstance(a, _Promise) else self.cross(a) for a in args]
        try:
            found = self.cross(getattr(self.worker, method)(*given))
        except Exception as error:
            return [_Promise(error=error)] * returns
        return [_Promise(part) for part in found] if returns > 1 else [_Promise(found)]

    def settled(self, light: bool) -> None:
        """Nothing is kept."""


class InProcess:
    """Workers in this process, one after the other: for tests, and to see what a plan would do.

    Parameters
    ----------
    cross : callable, optional
        What happens to all that goes to a worker or comes from it; it is copied if nothing is
        given.
    """

    def __init__(self, cross: Callable[[Any], Any] = deepcopy):
        self._cross = cross
        self.workers: list[_LocalHandle] = []

    def start(self, groups: Sequence[Sequence[str]]) -> list[Any]:
        """Return new workers."""
        started = [_LocalHandle(self._cross, names) for names in groups]
        self.workers += started
        return started

    def share(self, value: Any) -> Ref:
        """Return what stands for a value."""
        return _Promise(self._cross(value))

    def lost(self, workers: Sequence[Any], lost: WorkerLost) -> list[Any]:
        """Return those that are dead."""
        return [worker for worker in workers if not worker.alive]

    def replace(self, dead: Sequence[Any], living: Sequence[Any]) -> list[Any]:
        """Return new workers for the same nodes."""
        self.stop(dead)
        return self.start([worker.names for worker in dead])

    def take(self, refs: Sequence[Ref]) -> list[Any]:
        """Return what the calls gave."""
        for ref in refs:
            if ref.error is not None:
                raise ref.error
        return [ref.value for ref in refs]

    def ready(self, ref: Ref) -> bool:
        """Tell that it is there: calls are done at once."""
        return True

    def some(self, refs: Sequence[Ref]) -> list[Ref]:
        """Return all: calls are done at once."""
        return list(refs)

    def release(self, workers: Sequence[Any]) -> None:
        """Forget the workers."""
        self.stop(workers)

    def stop(self, workers: Sequence[Any]) -> None:
        """Forget the workers."""
        self.workers = [worker for worker in self.workers if worker not in workers]
        for worker in workers:
            worker.alive = False
