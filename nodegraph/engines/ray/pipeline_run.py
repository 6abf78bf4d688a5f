"""One attempt to bring chunks through the workers of the parts of a plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.data.series import Chunk
from nodegraph.engines.meter import Meter
from nodegraph.engines.ray.parcels import APART, Parcel
from nodegraph.engines.ray.partition import Partition
from nodegraph.engines.ray.pool import WorkerPool
from nodegraph.engines.ray.stats import Stats
from nodegraph.engines.ray.worker import Loading
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot

__all__ = ["Barrier", "InFlight", "PipelineRun"]


class InFlight(NamedTuple):
    """Chunks under way together."""

    seq: int
    n_steps: int
    lengths: tuple[int, ...]
    names: tuple[str, ...]
    refs: list[Any]  # the outputs of `names`, then a receipt of each part that reports


class Barrier(NamedTuple):
    """A snapshot under way: of all that chunks before `seq` have changed."""

    seq: int
    clock: int
    refs: list[Any]


class PipelineRun:
    """The workers of one attempt, and what was sent to them.

    Parameters
    ----------
    pool : WorkerPool
    workers : sequence of WorkerHandle
    parts : sequence of Partition
        One for each of them.
    wanted : iterable of str
        Nodes whose outputs come back.
    stale : int, optional
        See `PipelineOptions`.
    watch : Stats
    """

    def __init__(
        self,
        pool: WorkerPool,
        workers: Sequence[Any],
        parts: Sequence[Partition],
        wanted: Iterable[str],
        stale: int | None,
        watch: Stats,
    ):
        self._pool, self._workers, self._parts = pool, workers, parts
        self._stale, self._watch, self._wanted = stale, watch, tuple(wanted)
        self._reporting: list[bool] = []
        self._doors = set[str]()  # nodes that give out what comes from outside, as it is
        self._sent: deque[dict[str, Any]] = deque(maxlen=1 if stale is None else stale + 1)

    def load(
        self,
        slots: dict[str, Slot],
        request: Request,
        turn: tuple[int, int],
        mode: Any,
        meters: Sequence[Meter | None],
        held: Sequence[Any],
    ) -> None:
        """Give every worker its part, or let it go back, and wait until it has done so.

        Parameters
        ----------
        slots : dict of Slot
        request : Request
        turn : tuple of int
            Attempt and chunk that comes next.
        mode : {"exact", "portable", "fast"}
        meters : sequence of Meter
        held : sequence
            The snapshot to which a worker goes back that has its part; None for one that has none.
        """
        refs, free = [], self._stale is not None
        self._doors = {
            name
            for part in self._parts
            for name in part.sends
            if not free and len(part.names) > 1 and part.is_door(name) and name not in request.learn
        }
        everyone = zip(self._workers, self._parts, meters, held, strict=True)
        for worker, part, meter, snapshot in everyone:
            reports = self._reports(part, meter)
            self._reporting.append(reports)
            if snapshot is not None:
                lines = part.lines(slots)
                refs += worker.call("rewind", turn, request.clock, snapshot, lines)
                continue
            own = part.slots(slots, request.learn), part.request(request)
            refs += worker.call("load", Loading(part, *own, mode, *turn, free, meter, reports))
        self._pool.take(refs)

    def _reports(self, part: Partition, meter: Meter | None) -> bool:
        """Tell whether a part must say itself that it is done with a chunk.

        It need not if somebody waits for what it gives out of the same chunk, who then fails if it
        fails. For what came from outside nobody waits.
        """
        if meter is not None or self._stale is not None:
            return True
        read = (set(other.reads) - other.late for other in self._parts)
        waited = set(self._wanted).union(*read) - (self._doors - set(self._wanted))
        return waited.isdisjoint(part.sends)

    def send(self, attempt: int, seq: int, parcel: Parcel) -> tuple[InFlight, list[Any]]:
        """Send chunks through all parts; return also what stands for snapshots, if it asks.

        Outputs go from worker to worker.
        """
        now, given = dict[str, Any](), self._given(parcel.chunk)
        receipts, snapshots = list[Any](), list[Any]()
        for worker, part, reports in zip(self._workers, self._parts, self._reporting, strict=True):
            known = {**now, **given}
            inputs = [self._input(name, name in part.late, known) for name in part.reads]
            count = len(part.sends) + reports + bool(parcel.asks)
            refs = worker.call("run", attempt, seq, parcel.of(part), *inputs, returns=count)
            snapshots += [refs.pop()] if parcel.asks else []
            now |= dict(zip(part.sends, refs, strict=not reports))
            receipts += refs[len(part.sends) :]
        self._sent.appendleft(now)
        wanted = [now[name] for name in self._wanted]
        refs = [*wanted, *receipts]
        return InFlight(seq, parcel.n_steps, parcel.lengths, self._wanted, refs), snapshots

    def _given(self, chunk: Chunk) -> dict[str, Any]:
        """Return what some nodes will give out of a chunk, so that nobody waits for their workers.

        Large rows are shared, and go to each machine once.
        """
        rows = {n: np.ascontiguousarray(chunk.data[n]) for n in self._doors & chunk.data.keys()}
        return {n: self._pool.share(xs) if xs.nbytes >= APART else xs for n, xs in rows.items()}

    def _input(self, name: str, late: bool, now: dict[str, Any]) -> Any:
        """Return the outputs that a part gets: those in step, or the latest that are there."""
        if self._stale is None:
            return (self._sent[0] if late and self._sent else {} if late else now).get(name)
        known = [*enumerate((now, *self._sent))][late : self._stale + 1 + late]
        there = (item for item in known if name in item[1] and self._pool.ready(item[1][name]))
        found = next(there, None)
        if found is None:  # wait for the oldest that may be used, if there is one
            if len(self._sent) < self._stale or not known:
                return None  # what was before the start
            found = known[-1]
        age, outputs = found
        self._watch.stale[age] = self._watch.stale.get(age, 0) + 1
        return outputs.get(name)
