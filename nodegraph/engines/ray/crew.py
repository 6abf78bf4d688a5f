"""The workers of one stream: who they are, and who takes the place of those that are lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodegraph.engines.ray.pool import WorkerLost, WorkerPool

__all__ = ["Crew"]


class Crew:
    """Workers, one for each group of nodes.

    Parameters
    ----------
    pool : WorkerPool
    groups : sequence of sequences of str
    """

    def __init__(self, pool: WorkerPool, groups: Sequence[Sequence[str]]):
        self._pool, self._groups = pool, groups
        self.workers: list[Any] = []
        self.new: list[bool] = []  # who has nothing yet

    def hire(self, lost: WorkerLost | None = None) -> None:
        """Start all workers, or those in the place of whom was lost; the others stay."""
        if not self.workers:
            self.workers = self._pool.start(self._groups)
            self.new = [True] * len(self.workers)
            return
        dead = [] if lost is None else self._pool.lost(self.workers, lost)
        living = [worker for worker in self.workers if worker not in dead]
        others = iter(self._pool.replace(dead, living) if dead else ())
        self.new = [worker in dead for worker in self.workers]
        self.workers = [next(others) if worker in dead else worker for worker in self.workers]

    def stop(self) -> None:
        """End all of them."""
        self._pool.stop(self.workers)

    def release(self) -> None:
        """Give them back."""
        self._pool.release(self.workers)
