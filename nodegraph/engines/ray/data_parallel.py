"""A task done to many things, each by itself, by workers that are all alike."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from nodegraph.engines.checkpointer import heed
from nodegraph.engines.ray.pool import NoRoom, WorkerLost, WorkerPool
from nodegraph.engines.ray.stats import Stats, log
from nodegraph.errors import EngineError
from nodegraph.host.numerics import numerics

__all__ = ["DataParallel"]


class _Given(NamedTuple):
    """Something that a worker is at."""

    number: int
    item: Any
    worker: Any
    refs: list[Any] | None  # None: it was dead when it was asked


class DataParallel:
    """Workers that do the same task to one thing after the other.

    What comes of it does not depend on who did it, so that a worker that is lost is replaced and
    what it was at is done again.

    Parameters
    ----------
    pool : WorkerPool
    names : sequence of str
        Nodes whose needs the workers have.
    task : callable
    count : int
        How many workers.
    restarts : int
        How often workers may be lost before the next result.
    watch : Stats, optional
    """

    def __init__(
        self,
        pool: WorkerPool,
        names: Sequence[str],
        task: Any,
        count: int,
        restarts: int = 3,
        watch: Stats | None = None,
    ):
        self._pool, self._names, self._task = pool, names, task
        self._count, self._restarts, self._watch = count, restarts, watch or Stats()
        self._workers: list[Any] = []
        self._prepared: dict[int, list[Any]] = {}
        self._shared: Any = None

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield what comes of each of `items`, in their order; few wait at a time.

        Raises
        ------
        EngineError
            If workers are lost again and again at the same item.
        """
        waiting: deque[_Given] = deque()
        try:
            coming = iter(items)
            first = list(islice(coming, self._count))
            self._shared = self._pool.share(self._task) if first else None
            self._start_workers(len(first))
            for number, item in enumerate(chain(first, coming)):
                waiting.append(self._give(number, item, waiting))
                if len(waiting) >= 2 * self._count:
                    yield self._next(waiting)
            while waiting:
                yield self._next(waiting)
        except WorkerLost as lost:
            self._pool.stop(self._workers)
            raise EngineError(f"workers cannot be kept alive: {lost}") from lost
        except BaseException:
            self._pool.stop(self._workers)
            raise
        self._pool.release(self._workers)

    def _start_workers(self, count: int) -> None:
        """Start workers beside each other, and give each the task.

        Where there is no room for more, those that there are go on.
        """
        for left in reversed(range(self._restarts + 1)):
            workers: list[Any] = []
            try:
                workers = self._pool.start([self._names] * count)
                for worker in workers:
                    asked = worker.call("prepare", self._shared, numerics())
                    self._prepared[id(worker)] = asked
            except WorkerLost:
                self._pool.stop(workers)
                if not left:
                    raise
                self._watch.lost += 1
                continue
            except NoRoom:
                if not self._workers:
                    raise
                self._count = len(self._workers)
                log.warning("no room is left for another worker: it goes on with %d", self._count)
                return
            self._workers += workers
            return

    def _give(self, number: int, item: Any, waiting: Iterable[_Given]) -> _Given:
        """Give something to the worker that has least to do."""
        load = Counter(id(given.worker) for given in waiting)
        worker = min(self._workers, key=lambda worker: load[id(worker)])
        return _Given(number, item, worker, _ask(worker, item))

    def _next(self, waiting: deque[_Given]) -> Any:
        """Return the oldest result, with as many tries as there may be."""
        self._watch.depth = len(waiting)
        for _ in range(self._restarts + 1):
            given = waiting[0]
            try:
                if given.refs is None:
                    raise WorkerLost("the worker is dead", given.worker)
                self._pool.take(self._prepared.pop(id(given.worker), ()))
                (found,) = self._pool.take(given.refs)
            except WorkerLost as lost:
                reason = WorkerLost(str(lost), given.worker)
                self._replace(reason, waiting)
                continue
            waiting.popleft()
            self._watch.chunks += 1
            return found
        raise EngineError(
            f"workers were lost {self._restarts + 1} times {self._task.about(waiting[0].item)}: "
            f"{reason}; if memory ran out, use shorter series or fewer workers"
        ) from reason

    def _replace(self, lost: WorkerLost, waiting: deque[_Given]) -> None:
        """Put others in the place of those that died, and give away what those were at."""
        heed(now=True)
        dead = self._pool.lost(self._workers, lost)
        dead = [worker for worker in self._workers if worker in dead or worker is lost.worker]
        self._watch.lost += len(dead)
        log.warning("%d of %d workers were lost: what they were at is done again",
                    len(dead), len(self._workers))  # fmt: skip
        self._workers = [worker for worker in self._workers if worker not in dead]
        self._pool.stop(dead)
        self._start_workers(len(dead))
        for i, given in enumerate(waiting):
            if given.worker in dead:
                waiting[i] = self._give(given.number, given.item, waiting)


def _ask(worker: Any, item: Any) -> list[Any] | None:
    """Return what will come of something; nothing if the worker is known to be dead."""
    try:
        found: list[Any] = worker.call("do", item)
    except WorkerLost:
        return None
    return found
