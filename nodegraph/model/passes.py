"""Series on their way through a plan: what running and learning have in common, and running."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, Self

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Chunk, Series, Stream, in_a_row
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.batches import BatchTask, Group, batched, group_rows, groups, map_batches
from nodegraph.engines.checkpointer import Checkpointer, Cursor
from nodegraph.engines.in_a_row import can_go_in_a_row
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.engines.vitals import Vitals
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.host.progress import Progress, Silent, shown, tell_note, watched
from nodegraph.model.curves import Recorder
from nodegraph.model.initializer import Initializer
from nodegraph.model.state import ModelState

__all__ = ["Hooks", "Outputs", "Pass", "Run"]

Outputs = dict[str, Array]
Slots = dict[str, Slot]


class Hooks(NamedTuple):
    """Who is told how a pass goes."""

    progress: Progress | None = None  # draws a bar
    history: Recorder | None = None  # takes learning curves
    checkpointer: Checkpointer | None = None  # writes checkpoints, and knows where to go on from
    vitals: Vitals | None = None  # takes rows to judge nodes by

    @property
    def bar(self) -> Progress:
        """Who is told how far it is; somebody in any case."""
        return Silent() if self.progress is None else self.progress

    def shown(self, total_steps: int | None, what: str) -> AbstractContextManager[object]:
        """Return a context in which the bar stands, if there is one."""
        return nullcontext() if self.progress is None else shown(self.bar, total_steps, what)

    def watched(self, chunks: Iterable[Chunk], engine: Engine) -> Iterable[Chunk]:
        """Return chunks of which the bar is told, if there is one."""
        return chunks if self.progress is None else watched(chunks, self.bar, engine.news)

    def note(self, text: str) -> None:
        """Have `text` shown beside the bar, if there is one."""
        if self.progress is not None:
            tell_note(self.progress, text)

    @property
    def start(self) -> Cursor:
        """Where learning goes on from."""
        return Cursor() if self.checkpointer is None else self.checkpointer.start

    def restore(self, slots: Slots) -> None:
        """Put slots to where learning goes on from."""
        if self.checkpointer is not None:
            self.checkpointer.restore(slots)

    def mark(self, at: Cursor, slots: Mapping[str, Slot]) -> None:
        """Take note of where learning stands, and of the slots that move from there on."""
        if self.checkpointer is not None:
            self.checkpointer.mark(at, slots)

    def reached(self, at: Cursor, slots: Mapping[str, Slot]) -> None:
        """Do what `mark` does; a checkpoint may be written."""
        self.mark(at, slots)
        if self.checkpointer is not None:
            self.checkpointer.moved_on(0)

    def keeping(self) -> AbstractContextManager[object]:
        """Return a context in which a signal waits for the checkpoint, if any are written."""
        return nullcontext() if self.checkpointer is None else self.checkpointer.keeping()

    def elsewhere(self) -> Hooks:
        """Return those of a part that may be done by another worker."""
        return Hooks(vitals=None if self.vitals is None else self.vitals.blank())


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Series on their way through a plan.

    Parameters
    ----------
    initializer : Initializer
    engine : Engine
    warmup : int
        How many steps of each series only drive the states.
    workers : int, optional
        How many threads or replicas take independent series; the result is the same.
    hooks : Hooks
    """

    initializer: Initializer
    engine: Engine
    warmup: int = 0
    workers: int | None = None
    hooks: Hooks = field(default_factory=Hooks)

    def at(self, engine: Engine, progress: Progress) -> Self:
        """Return the same on another engine."""
        return replace(self, engine=engine, hooks=self.hooks._replace(progress=progress))

    def one(
        self,
        plan: Plan,
        slots: Slots,
        series: Series | Stream,
        request: Request,
        done: int = 0,
        into: Callable[[Outputs], object] | None = None,
    ) -> tuple[Outputs, int]:
        """Let a series go through `plan`, but for the steps that are `done`.

        `into` is given the outputs chunk by chunk, which are then not returned.

        Returns
        -------
        dict of ndarray
            The outputs of ``request.wanted``.
        int
            How many steps it had.
        """
        history = self.hooks.history if request.learn else None
        rows = self.engine.rows if history is None else partial(history.rows, self.engine)
        size, dtype = rows(plan, widths(slots)), self.initializer.dtype
        engine = self.engine
        if plan.from_end and isinstance(series, Series):  # what reads it turned round has no chunks
            engine, size = LOCAL if engine.remote else engine, series.n_steps
        chunks = series.chunks(size, self.warmup, dtype, done)
        counted = _Counted(self.hooks.watched(chunks, self.engine))
        total = series.n_steps - done if isinstance(series, Series) else None
        parts = _Parts(total, {name: slots[name].past[:0] for name in request.wanted})
        execute = engine.execute if history is None else partial(history.execute, engine)
        for outputs in execute(plan, slots, counted, request):
            (into or parts.add)(outputs)
        return parts.joined(), counted.n_steps

    def many(
        self, plan: Plan, fresh: Callable[[int], Slots], group: Group, request: Request
    ) -> tuple[list[Outputs], Slots]:
        """Let a group of series go through `plan` side by side.

        The engine must be able to, see `nodegraph.engines.batches.batched`.

        Parameters
        ----------
        plan : Plan
        fresh : callable
            Returns the slots that the series of some number starts from. Those of the first have
            what learners remember.
        group : sequence of (int, Series)
        request : Request

        Returns
        -------
        list of dict of ndarray
            What each gave out.
        dict of Slot
            Of the last of them, which have what was learned.
        """
        first = fresh(group[0][0])
        series = [one.read() for _, one in group if isinstance(one, Series)]
        able = self.engine is LOCAL and all(one.number is None for one in series)
        if able and can_go_in_a_row(plan, first, request):
            last, found = first, self._in_a_row(plan, first, series, request)
        else:
            places = [first, *(fresh(i) for i, _ in group[1:])]
            last, found = places[-1], self._side_by_side(plan, places, series, request)
        self.hooks.bar.advance(sum(one.n_steps for one in series))
        own = [{name: rows.copy() for name, rows in outputs.items()} for outputs in found]
        return own, last

    def _in_a_row(
        self, plan: Plan, slots: Slots, series: Sequence[Series], request: Request
    ) -> Sequence[Outputs]:
        chunk = in_a_row(series, self.warmup, self.initializer.dtype)
        (found,) = self.engine.execute(plan, slots, [chunk], request)
        parts = {name: chunk.parts(rows) for name, rows in found.items()}
        return [{name: parts[name][i] for name in parts} for i in range(len(series))]

    def _side_by_side(
        self, plan: Plan, places: Sequence[Slots], series: Sequence[Series], request: Request
    ) -> Sequence[Outputs]:
        many, dtype = self.engine.execute_many, self.initializer.dtype
        chunks = [one.whole(self.warmup, dtype) for one in series]
        return [] if many is None else many(plan, places, chunks, request)


class _Counted:
    """Chunks on their way, with a count of their steps."""

    def __init__(self, chunks: Iterable[Chunk]):
        self.chunks, self.n_steps = chunks, 0

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self.chunks:
            self.n_steps += chunk.n_steps
            yield chunk


class _Parts:
    """Outputs that come chunk by chunk; `none` of them are those of no step."""

    def __init__(self, total: int | None, none: Outputs):
        self.total, self.n_steps = total, 0
        self.whole: Outputs = {}
        self.none = none
        self.pieces: dict[str, list[Array]] = {}

    def add(self, outputs: Outputs) -> None:
        n = max((len(rows) for rows in outputs.values()), default=0)
        for name, rows in outputs.items():
            if self.total is None:
                own = rows if rows.flags.writeable else rows.copy()  # memory of another process
                self.pieces.setdefault(name, []).append(own)
                continue
            if name not in self.whole:
                self.whole[name] = np.empty((self.total, rows.shape[1]), rows.dtype)
            self.whole[name][self.n_steps : self.n_steps + n] = rows
        self.n_steps += n

    def joined(self) -> Outputs:
        joined = {name: np.concatenate(rows) for name, rows in self.pieces.items()}
        return self.whole or joined or self.none


@dataclass(frozen=True, kw_only=True)
class Run(Pass):
    """A pass in which nothing learns but online rules.

    Parameters
    ----------
    state : ModelState
        A draft; its own slots move on if the data are one series.
    request : Request
        What is wanted and who learns.
    plan : Plan, optional
        In place of the plan of all that can run.
    """

    state: ModelState
    request: Request
    plan: Plan | None = None

    def through(self, bound: BoundData) -> list[Outputs]:
        """Return the wanted outputs of each series."""
        with self.hooks.shown(bound.n_steps, "run"):
            return self._own(bound.series[0]) if bound.own else self._apart(bound.series)

    def _own(self, series: Series | Stream) -> list[Outputs]:
        plan = self.plan or self.state.runnable(self.state.ready(), self.request.learn)
        slots, at, request = self.state.slots, self.hooks.start, self.request
        if (checkpointer := self.hooks.checkpointer) is not None:
            if at.steps:
                checkpointer.restore(slots)
            checkpointer.mark(at, slots)
            request = request._replace(checkpointer=checkpointer, clock=request.clock + at.steps)
        outputs, moved = self.one(plan, slots, series, request, at.steps)
        self.state.stream = self.state.stream.gone(at.steps + moved)
        return [outputs]

    def _apart(self, series: Sequence[Series | Stream]) -> list[Outputs]:
        """Run independent series; those that learn do so one after the other."""
        wanted = (*self.request.wanted, *self.request.learn)
        plan = self.plan or self.state.runnable(wanted, self.request.learn)
        request = self.request._replace(clock=0)
        if request.learn:
            return self._learning_apart(plan, series, request)
        sizes = widths(self.state.slots)
        waiting = groups(series, group_rows(max(sizes[name] for name in plan.reads)))
        alone = replace(self, engine=LOCAL, hooks=self.hooks.elsewhere())
        task = BatchTask(alone, (plan, request), "running")
        parts = map_batches(self.engine, task, waiting, self.workers, self.hooks.bar)
        return [outputs for group in parts for outputs in group]

    def _learning_apart(
        self, plan: Plan, series: Sequence[Series | Stream], request: Request
    ) -> list[Outputs]:
        """Learn from one series after the other; return the outputs of those that are not done."""
        results, at, slots = [], self.hooks.start, self.state.slots
        if self.hooks.checkpointer is not None and at.series:
            self.hooks.checkpointer.restore(slots)
        for i, one in enumerate(series):
            if i < at.series:
                continue
            with placed(f"in series {i}"):
                results.append(self._one_apart(plan, self.state.series + i, one, request))
            self.hooks.reached(replace(at, series=i + 1), slots)
        self.state.series += len(series)
        return results

    def group(self, plan: Plan, request: Request, group: Group) -> list[Outputs]:
        """Run neighbours side by side, if the engine can."""
        if not batched(self.engine, group):
            return [self._one_apart(plan, i, one, request) for i, one in group]
        fresh = partial(self.initializer.fresh, self.state.slots, plan.reads)
        return self.many(plan, fresh, group, request)[0]

    def _one_apart(self, plan: Plan, i: int, series: Series | Stream, request: Request) -> Outputs:
        slots = self.state.slots
        place = self.initializer.fresh(slots, plan.reads, i)
        outputs, _ = self.one(plan, place, series, request)
        for name in request.learn:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
        return outputs
