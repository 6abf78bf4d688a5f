"""Workers that are all alike, and others in the place of those that are lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nodegraph.engines.checkpointer import heed
from nodegraph.engines.ray.file_rows import FileRows, sendable
from nodegraph.engines.ray.pool import NoRoom, WorkerLost, WorkerPool
from nodegraph.engines.ray.stats import Stats, log
from nodegraph.host.numerics import numerics

__all__ = ["Replicas"]


class Replicas:
    """Workers that are given the same task.

    Parameters
    ----------
    pool : WorkerPool
    names : sequence of str
        Nodes whose needs the workers have.
    task : callable
    count : int
        How many workers, at most.
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
        self.pool, self._names, self.task = pool, names, task
        self.count, self.restarts, self.watch = count, restarts, watch or Stats()
        self.workers: list[Any] = []
        self._prepared: dict[int, list[Any]] = {}
        self._shared: Any = None
        self._folders: dict[Path, bool] = {}  # of files of data: whether all workers see them

    def start(self, count: int) -> None:
        """Start workers beside each other, and give each the task.

        Where there is no room for more, those that there are go on.
        """
        if self._shared is None and count:
            self._shared = self.pool.share(self.task)
        for left in reversed(range(self.restarts + 1)):
            workers: list[Any] = []
            try:
                workers = self.pool.start([self._names] * count)
                for worker in workers:
                    asked = worker.call("prepare", self._shared, numerics())
                    self._prepared[id(worker)] = asked
            except WorkerLost:
                self.pool.stop(workers)
                if not left:
                    raise
                self.watch.lost += 1
                continue
            except NoRoom:
                if not self.workers:
                    raise
                self.count = len(self.workers)
                log.warning("no room is left for another worker: it goes on with %d", self.count)
                return
            self.workers += workers
            return

    def sendable(self, item: Any) -> Any:
        """Return something as it goes to workers: rows of a file that they see stay there."""
        return sendable(item, self._is_there)

    def _is_there(self, file: FileRows) -> bool:
        folder = file.path.parent
        if folder not in self._folders:
            try:
                asked = [ref for worker in self.workers for ref in worker.call("has", file)]
                self._folders[folder] = all(self.pool.take(asked))
            except WorkerLost:  # who it is will be found by those who wait for it
                return False
            if not self._folders[folder]:
                log.info("%s is not the same folder on all machines: its rows are sent", folder)
        return self._folders[folder]

    def take(self, worker: Any, refs: Sequence[Any]) -> list[Any]:
        """Return what a worker gave, as soon as it is done.

        Raises
        ------
        WorkerLost
            With that worker, if nobody knows better.
        """
        try:
            self.pool.take(self._prepared.pop(id(worker), ()))
            return self.pool.take(refs)
        except WorkerLost as lost:
            raise WorkerLost(str(lost), lost.worker or worker) from lost

    def replace(self, lost: WorkerLost) -> list[Any]:
        """Put others in the place of those that died; return who died."""
        heed(now=True)
        found = self.pool.lost(self.workers, lost)
        dead = [worker for worker in self.workers if worker in found or worker is lost.worker]
        self.watch.lost += len(dead)
        log.warning("%d of %d workers were lost: what they were at is done again",
                    len(dead), len(self.workers))  # fmt: skip
        self.workers = [worker for worker in self.workers if worker not in dead]
        self.pool.stop(dead)
        self.start(len(dead))
        return dead

    def stop(self) -> None:
        """End all of them."""
        self.pool.stop(self.workers)

    def release(self) -> None:
        """Give them back."""
        self.pool.release(self.workers)
