"""Chunks on their way through workers: in order, a bounded number at a time, each just once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.data.series import Chunk
from nodegraph.engines.checkpointer import heed, keep
from nodegraph.engines.meter import Meter, Point
from nodegraph.engines.ray.crew import Crew
from nodegraph.engines.ray.parcels import Parcel, parcels
from nodegraph.engines.ray.partition import Partition, pieces, span_of
from nodegraph.engines.ray.pipeline_run import Barrier, InFlight, PipelineRun
from nodegraph.engines.ray.pool import WorkerLost, WorkerPool
from nodegraph.engines.ray.stats import Stats, log
from nodegraph.engines.ray.worker import Receipt, Snapshot
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.errors import EngineError
from nodegraph.graph.plan import Plan
from nodegraph.host.numerics import numerics

__all__ = ["Pipeline", "PipelineOptions"]


TOLD = "the worker of %s was lost at chunk %d; another one goes on from chunk %d"
SOON = 1  # chunks until the next snapshot after a worker was lost
COST = 60  # times what it takes to fetch a snapshot: to give it takes workers up to twice as long


@dataclass(frozen=True)
class PipelineOptions:
    """How many chunks are under way, and how often it is noted where everything stands.

    Parameters
    ----------
    window : int
        How many calls may be under way at the same time, for each part.
    together : int
        Chunks that go with one call.
    chunks : int, optional
        Chunks between two snapshots; None: as time goes.
    seconds : float
        Between two snapshots, at least; longer where one costs more than a twentieth of it.
    restarts : int
        How often workers may be lost without any progress.
    stale : int, optional
        None: every part gets the outputs of the same chunk. Else the latest that there are, at
        most so many chunks old.
    """

    window: int = 4
    together: int = 1
    chunks: int | None = None
    seconds: float = 2.0
    restarts: int = 3
    stale: int | None = None


class Pipeline:
    """Moves chunks through the parts of a plan.

    Each worker says where it stands behind the same chunks, with its answer to them, so that
    snapshots are of the same moment everywhere. If a worker is lost, another one takes its place;
    the others stay, and go back to the last snapshot. The same chunks come again: nothing is lost,
    nothing is done twice.

    Parameters
    ----------
    pool : WorkerPool
    plan : Plan
    parts : sequence of Partition
    slots : dict of Slot
        Left as the chunks have changed them.
    work : Request
    pace : PipelineOptions
    watch : Stats, optional
        Where to take note of what goes on.
    """

    def __init__(
        self,
        pool: WorkerPool,
        plan: Plan,
        parts: Sequence[Partition],
        slots: dict[str, Slot],
        request: Request,
        options: PipelineOptions | None = None,
        watch: Stats | None = None,
    ):
        self._pool, self._parts, self._slots, self._request = pool, parts, slots, request
        self._options, self._watch = options or PipelineOptions(), watch or Stats()
        free = self._options.stale is not None
        self._span, self._mode = None if free else span_of(plan, parts), numerics()
        self._attempt = self._committed = self._emitted = self._failures = 0
        self._clock, self._patience = request.clock, self._options.seconds
        self._row, self._fallen = request.clock, list[str]()
        self._meters = [_meter(plan, part, slots, request) for part in parts]
        self._rest: list[Point] = []
        self._crew = Crew(pool, [part.names for part in self._parts])
        self._held: list[Any] = [None] * len(
            self._parts
        )  # the last snapshot, where workers have it

    def through(self, chunks: Iterable[Chunk]) -> Iterator[dict[str, Array]]:
        """Yield the wanted outputs of each chunk.

        Raises
        ------
        EngineError
            If workers are lost again and again without progress.
        """
        try:
            yield from self._attempts(_Source(self._short_enough(chunks)))
        except BaseException:
            self._crew.stop()
            raise
        self._tell([self._rest])
        self._crew.release()

    def _attempts(self, source: _Source) -> Iterator[dict[str, Array]]:
        reached, before = (-1, -1), None
        while True:
            try:
                self._crew.hire(before)
                if before is not None:
                    log.warning(TOLD, self._fallen[-1], self._emitted, self._committed)
                yield from self._go(source)
                return
            except WorkerLost as lost:
                heed(now=True)
                keep()
                before = lost
                now = (self._committed, self._emitted)
                self._failures = 1 if now > reached else self._failures + 1
                reached = max(now, reached)
                self._fallen = [*self._fallen[: self._failures - 1], self._title(lost)]
                if self._failures > self._options.restarts:
                    raise EngineError(self._obituary(lost, source)) from lost
                self._watch.lost += 1
                self._attempt += 1

    def _short_enough(self, chunks: Iterable[Chunk]) -> Iterator[Parcel]:
        """Yield chunks together, or in pieces that can go through loops across parts."""
        if self._span is None:
            free = self._options.stale is not None
            yield from parcels(chunks, 1 if free else self._options.together)
        else:
            yield from parcels(self._cut(chunks, self._span), 1)

    def _cut(self, chunks: Iterable[Chunk], span: int) -> Iterator[Chunk]:
        done = 0
        for chunk in chunks:
            yield from pieces(chunk, span, done, self._request.every)
            done += chunk.n_steps

    def _tell(self, points: Iterable[Sequence[Point]]) -> None:
        """Tell of points of learning curves, each of which is in parts."""
        for parts in points:
            if parts and self._request.tell is not None:
                found = {name: each for part in parts for name, each in part.found.items()}
                self._request.tell(Point(parts[0].n_steps, found))

    def _title(self, lost: WorkerLost) -> str:
        """Return the nodes of the worker that was lost; all, if nobody knows which one it was."""
        known = None if lost.worker is None else lost.worker.title
        return known or " or ".join(part.title for part in self._parts)

    def _obituary(self, lost: WorkerLost, source: _Source) -> str:
        who = " / ".join(dict.fromkeys(self._fallen))
        last = self._row + source.steps(self._emitted) - 1
        return (
            f"workers were lost {self._failures} times without progress: that of {who}, at chunk "
            f"{self._emitted}: steps {self._row} to {last} ({lost}). If memory ran out, use "
            "smaller chunks or more workers; else look at the node's own code"
        )

    def _go(self, source: _Source) -> Iterator[dict[str, Array]]:
        """Yield the outputs of one attempt; stand at its end when all is done."""
        run = self._loaded()
        pending: deque[InFlight | Barrier] = deque()
        clock, marked, since = self._clock, self._committed, monotonic()
        for seq, parcel in source.from_the_last_snapshot():
            if not parcel.asks and self._is_due(seq + 1 - marked, since):
                parcel = parcel._replace(asks="snapshot")
                marked, since = seq + 1, monotonic()
            sent, snapshots = run.send(self._attempt, seq, parcel)
            clock += parcel.n_steps
            pending += [sent, Barrier(seq + 1, clock, snapshots)] if snapshots else [sent]
            while len(pending) > self._options.window:
                yield from self._settle(pending.popleft(), pending, source)
        while pending:
            yield from self._settle(pending.popleft(), pending, source)

    def _loaded(self) -> PipelineRun:
        """Return the workers of an attempt, all of which stand at the last snapshot."""
        workers, wanted = self._crew.workers, self._request.wanted
        run = PipelineRun(
            self._pool, workers, self._parts, wanted, self._options.stale, self._watch
        )
        request, turn = self._request._replace(clock=self._clock), (self._attempt, self._committed)
        held = [None if new else one for new, one in zip(self._crew.new, self._held, strict=True)]
        run.load(self._slots, request, turn, self._mode, self._meters, held)
        return run

    def _is_due(self, chunks: int, since: float) -> bool:
        if (checkpointer := self._request.checkpointer) is not None and checkpointer.due:
            return True
        if self._failures:
            return chunks >= SOON
        if self._options.chunks is not None:
            return chunks >= self._options.chunks
        return monotonic() - since >= self._patience

    def _settle(
        self, item: InFlight | Barrier, pending: deque[Any], source: _Source
    ) -> Iterator[dict[str, Array]]:
        """Take what has come: outputs to hand on, or a snapshot to keep."""
        begin = monotonic()
        found = self._pool.take(item.refs)
        if isinstance(item, Barrier):
            self._commit(item, found)
            source.forget(item.seq)
            self._patience = max(self._options.seconds, COST * (monotonic() - begin))
            return
        watch, n = self._watch, len(item.names)
        watch.depth = len(pending)
        if item.seq < self._emitted:  # it came before a worker was lost
            return
        self._emitted, self._row = item.seq + 1, self._row + item.n_steps
        watch.came(len(item.lengths), item.n_steps)
        watch.tell()
        receipts: list[Receipt] = found[n:]
        self._tell(zip(*(one.points for one in receipts if one.points), strict=True))
        self._rest = [one.rest for one in receipts if one.rest is not None]
        ends = np.cumsum(item.lengths)
        for start, stop in zip([0, *ends[:-1]], ends, strict=True):
            yield {name: ys[start:stop] for name, ys in zip(item.names, found[:n], strict=True)}

    def _commit(self, marker: Barrier, snapshots: Sequence[Snapshot]) -> None:
        for worker, snapshot in zip(self._crew.workers, snapshots, strict=True):
            worker.settled(snapshot.light)
        self._meters = [snapshot.meter for snapshot in snapshots]
        self._held = list(marker.refs)
        busy = self._watch.busy
        for part, snapshot in zip(self._parts, snapshots, strict=True):
            busy[part.title] = busy.get(part.title, 0.0) + snapshot.seconds
            if self._request.vitals is not None and snapshot.vitals is not None:
                self._request.vitals.put(snapshot.vitals)
            for name, changes in snapshot.slots.items():
                for what, tree in changes.items():
                    setattr(self._slots[name], what, copy_tree(tree))
        if marker.seq > self._committed:
            self._failures = 0
        self._committed, self._clock = marker.seq, marker.clock
        if self._request.checkpointer is not None:
            self._request.checkpointer.moved_on(self._clock - self._request.clock)


class _Source:
    """Chunks that come once, kept until they are no longer needed."""

    def __init__(self, chunks: Iterator[Parcel]):
        self._chunks, self._kept = chunks, deque[tuple[int, Parcel]]()
        self.reached = 0

    def from_the_last_snapshot(self) -> Iterator[tuple[int, Parcel]]:
        """Yield numbered chunks: those that were kept, then new ones."""
        yield from list(self._kept)
        for chunk in self._chunks:
            item = self.reached, chunk
            self._kept.append(item)
            self.reached += 1
            yield item

    def steps(self, seq: int) -> int:
        """Return how many steps a chunk that is kept has."""
        return next((chunk.n_steps for number, chunk in self._kept if number == seq), 0)

    def forget(self, seq: int) -> None:
        """Let go of the chunks before `seq`."""
        while self._kept and self._kept[0][0] < seq:
            self._kept.popleft()


def _meter(
    plan: Plan, part: Partition, slots: Mapping[str, Slot], request: Request
) -> Meter | None:
    """Return who takes points of the learning curves of a part, if there are any to take."""
    names = [n for n in part.names if request.every and n in request.learn and plan.rules[n].online]
    return Meter({name: plan.rules[name] for name in names}, slots) if names else None
