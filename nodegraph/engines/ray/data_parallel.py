"""A task done to many things, each by itself, by workers that are all alike."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.engines.ray.replicas import Replicas
from nodegraph.errors import EngineError

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
    replicas : Replicas
    """

    def __init__(self, replicas: Replicas):
        self._team = replicas

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield what comes of each of `items`, in their order; few wait at a time.

        Raises
        ------
        EngineError
            If workers are lost again and again at the same item.
        """
        waiting: deque[_Given] = deque()
        team = self._team
        try:
            coming = iter(items)
            first = list(islice(coming, team.count))
            team.start(len(first))
            for number, item in enumerate(chain(first, coming)):
                waiting.append(self._give(number, item, waiting))
                if len(waiting) >= 2 * team.count:
                    yield self._next(waiting)
            while waiting:
                yield self._next(waiting)
        except WorkerLost as lost:
            team.stop()
            raise EngineError(f"workers cannot be kept alive: {lost}") from lost
        except BaseException:
            team.stop()
            raise
        team.release()

    def _give(self, number: int, item: Any, waiting: Iterable[_Given]) -> _Given:
        """Give something to the worker that has least to do."""
        load = Counter(id(given.worker) for given in waiting)
        worker = min(self._team.workers, key=lambda worker: load[id(worker)])
        return _Given(number, item, worker, _ask(worker, self._team, item))

    def _next(self, waiting: deque[_Given]) -> Any:
        """Return the oldest result, with as many tries as there may be."""
        team = self._team
        team.watch.depth = len(waiting)
        for _ in range(team.restarts + 1):
            given = waiting[0]
            try:
                if given.refs is None:
                    raise WorkerLost("the worker is dead", given.worker)
                (found,) = team.take(given.worker, given.refs)
            except WorkerLost as lost:
                reason = lost
                self._do_again(team.replace(lost), waiting)
                continue
            waiting.popleft()
            team.watch.came(1)
            return found
        raise EngineError(
            f"workers were lost {team.restarts + 1} times {team.task.about(waiting[0].item)}: "
            f"{reason}; if memory ran out, use shorter series or fewer workers"
        ) from reason

    def _do_again(self, dead: Sequence[Any], waiting: deque[_Given]) -> None:
        """Give away what those were at that died."""
        for i, given in enumerate(waiting):
            if given.worker in dead:
                waiting[i] = self._give(given.number, given.item, waiting)


def _ask(worker: Any, team: Replicas, item: Any) -> list[Any] | None:
    """Return what will come of something; nothing if the worker is known to be dead."""
    try:
        found: list[Any] = worker.call("do", team.sendable(item))
    except WorkerLost:
        return None
    return found
