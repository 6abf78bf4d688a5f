"""Chunks on their way through workers: in order, a bounded number at a time, each just once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.engines.remote.crew import Crew, WorkerLost
from nodegraph.engines.remote.parts import Part, pieces, span_of
from nodegraph.engines.remote.watch import Watch, log
from nodegraph.engines.remote.worker import Loading, Snapshot
from nodegraph.errors import EngineError
from nodegraph.numerics import numerics
from nodegraph.plan import Plan
from nodegraph.slot import Chunk, Slot, Work

__all__ = ["Conveyor", "Pace"]


SOON = 4  # chunks until the next snapshot after a worker was lost


@dataclass(frozen=True)
class Pace:
    """How many chunks are under way, and how often it is noted where everything stands.

    Parameters
    ----------
    window : int
        Chunks under way at the same time.
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
    chunks: int | None = None
    seconds: float = 2.0
    restarts: int = 3
    stale: int | None = None


class _Sent(NamedTuple):
    """A chunk under way."""

    seq: int
    n_steps: int
    names: tuple[str, ...]
    refs: list[Any]  # the outputs of `names`, then what each part says of its work


class _Marker(NamedTuple):
    """A snapshot under way: of all that chunks before `seq` have changed."""

    seq: int
    clock: int
    refs: list[Any]
    since: float


class Conveyor:
    """Moves chunks through the parts of a plan.

    Calls to one worker are done in their order, so that snapshots asked for between two chunks
    are of the same moment everywhere. If a worker is lost, all start anew from the last snapshot
    and go through the same chunks again: nothing is lost, nothing is done twice.

    Parameters
    ----------
    crew : Crew
    plan : Plan
    parts : sequence of Part
    slots : dict of Slot
        Left as the chunks have changed them.
    work : Work
    pace : Pace
    watch : Watch, optional
        Where to take note of what goes on.
    """

    def __init__(
        self,
        crew: Crew,
        plan: Plan,
        parts: Sequence[Part],
        slots: dict[str, Slot],
        work: Work,
        pace: Pace | None = None,
        watch: Watch | None = None,
    ):
        self._crew, self._parts, self._slots, self._work = crew, parts, slots, work
        self._pace, self._watch = pace or Pace(), watch or Watch()
        free = self._pace.stale is not None
        self._span, self._mode = None if free else span_of(plan, parts), numerics()
        self._attempt = self._committed = self._emitted = self._failures = 0
        self._clock, self._rest = work.clock, self._pace.seconds
        self._row, self._fallen = work.clock, list[str]()

    def through(self, chunks: Iterable[Chunk]) -> Iterator[dict[str, Array]]:
        """Yield the wanted outputs of each chunk.

        Raises
        ------
        EngineError
            If workers are lost again and again without progress.
        """
        source = _Source(piece for chunk in chunks for piece in pieces(chunk, self._span))
        reached = (-1, -1)
        while True:
            try:
                yield from self._go(source)
                return
            except WorkerLost as lost:
                now = (self._committed, self._emitted)
                self._failures = 1 if now > reached else self._failures + 1
                reached = max(now, reached)
                self._fallen = [*self._fallen[: self._failures - 1], self._title(lost)]
                if self._failures > self._pace.restarts:
                    raise EngineError(self._obituary(lost, source)) from lost
                self._watch.lost += 1
                log.warning("a worker was lost at chunk %d; all go on from chunk %d",
                            self._emitted, self._committed)  # fmt: skip
                self._attempt += 1

    def _title(self, lost: WorkerLost) -> str:
        """Return the nodes of the worker that was lost; all, if nobody knows which one it was."""
        known = None if lost.hand is None else lost.hand.title
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
        hands = self._crew.hire([part.names for part in self._parts])
        run = _Run(self._crew, hands, self._parts, self._pace.stale, self._watch)
        try:
            run.load(self._slots, self._work._replace(clock=self._clock), self._turn(), self._mode)
            pending: deque[_Sent | _Marker] = deque()
            clock, marked, since = self._clock, self._committed, monotonic()
            for seq, chunk in source.from_the_last_snapshot():
                pending.append(run.send(self._attempt, seq, chunk, self._work.wanted))
                clock += chunk.n_steps
                if self._is_due(seq + 1 - marked, since):
                    pending.append(run.mark(self._attempt, seq + 1, clock))
                    marked, since = seq + 1, monotonic()
                while len(pending) > self._pace.window:
                    yield from self._settle(pending.popleft(), pending, source)
            pending.append(run.mark(self._attempt, source.reached, clock))
            while pending:
                yield from self._settle(pending.popleft(), pending, source)
        except GeneratorExit:
            self._crew.dismiss(hands)
            raise
        except BaseException:
            self._crew.dismiss(hands)
            raise
        self._crew.release(hands)

    def _turn(self) -> tuple[int, int]:
        return self._attempt, self._committed

    def _is_due(self, chunks: int, since: float) -> bool:
        if (keeper := self._work.keeper) is not None and keeper.due:
            return True
        if self._failures:
            return chunks >= SOON
        if self._pace.chunks is not None:
            return chunks >= self._pace.chunks
        return monotonic() - since >= self._rest

    def _settle(
        self, item: _Sent | _Marker, pending: deque[Any], source: _Source
    ) -> Iterator[dict[str, Array]]:
        """Take what has come: outputs to hand on, or a snapshot to keep."""
        begin = monotonic()
        found = self._crew.take(item.refs)
        if isinstance(item, _Marker):
            self._commit(item, found)
            source.forget(item.seq)
            self._rest = max(self._pace.seconds, 20 * (monotonic() - begin))
            return
        watch, n = self._watch, len(item.names)
        for part, seconds in zip(self._parts, found[n:], strict=True):
            watch.busy[part.title] = watch.busy.get(part.title, 0.0) + seconds
        watch.depth = len(pending)
        if item.seq < self._emitted:  # it came before a worker was lost
            return
        self._emitted, self._row = item.seq + 1, self._row + item.n_steps
        watch.chunks, watch.steps = watch.chunks + 1, watch.steps + item.n_steps
        watch.tell()
        yield {name: _own(ys) for name, ys in zip(item.names, found[:n], strict=True)}

    def _commit(self, marker: _Marker, snapshots: Sequence[Snapshot]) -> None:
        for snapshot in snapshots:
            for name, changes in snapshot.items():
                for part, tree in changes.items():
                    setattr(self._slots[name], part, copy_tree(tree))
        if marker.seq > self._committed:
            self._failures = 0
        self._committed, self._clock = marker.seq, marker.clock
        if self._work.keeper is not None:
            self._work.keeper.pass_by(self._clock - self._work.clock)


class _Source:
    """Chunks that come once, kept until they are no longer needed."""

    def __init__(self, chunks: Iterator[Chunk]):
        self._chunks, self._kept = chunks, deque[tuple[int, Chunk]]()
        self.reached = 0

    def from_the_last_snapshot(self) -> Iterator[tuple[int, Chunk]]:
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


class _Run:
    """The workers of one attempt."""

    def __init__(
        self,
        crew: Crew,
        hands: Sequence[Any],
        parts: Sequence[Part],
        stale: int | None,
        watch: Watch,
    ):
        self._crew, self._hands, self._parts = crew, hands, parts
        self._stale, self._watch = stale, watch
        self._sent: deque[dict[str, Any]] = deque(maxlen=1 if stale is None else stale + 1)

    def load(self, slots: dict[str, Slot], work: Work, turn: tuple[int, int], mode: Any) -> None:
        """Give every worker its part, and wait until it has it."""
        refs = []
        for hand, part in zip(self._hands, self._parts, strict=True):
            free = self._stale is not None
            loading = Loading(part, part.slots(slots), part.work(work), mode, *turn, free)
            refs += hand.call("load", loading)
        self._crew.take(refs)

    def send(self, attempt: int, seq: int, chunk: Chunk, wanted: Sequence[str]) -> _Sent:
        """Send a chunk through all parts; outputs go from worker to worker."""
        now: dict[str, Any] = {}
        receipts = []
        for hand, part in zip(self._hands, self._parts, strict=True):
            inputs = [self._input(name, name in part.late, now) for name in part.reads]
            count = len(part.sends) + 1
            refs = hand.call("run", attempt, seq, part.chunk(chunk), *inputs, returns=count)
            now |= dict(zip(part.sends, refs[:-1], strict=True))
            receipts.append(refs[-1])
        self._sent.appendleft(now)
        return _Sent(seq, chunk.n_steps, tuple(wanted), [*(now[n] for n in wanted), *receipts])

    def _input(self, name: str, late: bool, now: dict[str, Any]) -> Any:
        """Return the outputs that a part gets: those in step, or the latest that are there."""
        if self._stale is None:
            return (self._sent[0] if late and self._sent else {} if late else now).get(name)
        known = [*enumerate((now, *self._sent))][late : self._stale + 1 + late]
        there = (item for item in known if name in item[1] and self._crew.ready(item[1][name]))
        found = next(there, None)
        if found is None:  # wait for the oldest that may be used, if there is one
            if len(self._sent) < self._stale or not known:
                return None  # what was before the start
            found = known[-1]
        age, outputs = found
        self._watch.stale[age] = self._watch.stale.get(age, 0) + 1
        return outputs.get(name)

    def mark(self, attempt: int, seq: int, clock: int) -> _Marker:
        """Ask every worker where it stands after the chunks that it was sent."""
        refs = [ref for hand in self._hands for ref in hand.call("snapshot", attempt, seq)]
        return _Marker(seq, clock, refs, monotonic())


def _own(ys: Any) -> Array:
    """Return an array that outlives the worker it came from."""
    rows: Array = np.array(ys)
    return rows
