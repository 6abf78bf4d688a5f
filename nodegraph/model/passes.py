"""Going through data without stages: one series on the model's stream, or many apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.batches import BatchTask, Group, batched, group_rows, groups, map_batches
from nodegraph.engines.checkpointer import Checkpointer, Cursor
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.host.progress import Progress, Silent, watched
from nodegraph.model.curves import Recorder, executed
from nodegraph.model.state import ModelState

__all__ = ["Pass", "shaped"]

Outputs = dict[str, Array]


@dataclass(frozen=True)
class Pass:
    """One way through some data.

    Parameters
    ----------
    state : ModelState
        A draft; its own slots move on if the data are one series.
    engine : Engine
    work : Request
        What is wanted and who learns.
    progress : Progress
    plan : Plan, optional
        In place of the plan of all that can run.
    warmup : int
    workers : int, optional
    checkpointer : Checkpointer, optional
        Who writes checkpoints of learning, and knows where to go on from.
    watch : Recorder, optional
        Who takes learning curves.
    """

    state: ModelState
    engine: Engine
    request: Request
    progress: Progress
    plan: Plan | None = None
    warmup: int = 0
    workers: int | None = None
    checkpointer: Checkpointer | None = None
    watch: Recorder | None = None

    def through(self, bound: BoundData) -> list[Outputs]:
        """Return the wanted outputs of each series."""
        self.progress.start(total_steps(bound), "run")
        results = self._own(bound.series[0]) if bound.own else self._apart(bound.series)
        self.progress.stop()
        return results

    def _own(self, series: Series | Stream) -> list[Outputs]:
        plan = self.plan or self.state.runnable(self.state.ready(), self.request.learn)
        request, done = self.request, 0
        if self.checkpointer is not None:
            at = self.checkpointer.start
            if at.steps:
                self.checkpointer.restore(self.state.slots)
            self.checkpointer.mark(at, self.state.slots)
            done = at.steps
            request = request._replace(checkpointer=self.checkpointer, clock=request.clock + done)
        outputs, moved = self._go(plan, self.state.slots, series, request, done)
        self.state.time += done + moved
        return [outputs]

    def _apart(self, series: Sequence[Series | Stream]) -> list[Outputs]:
        """Pass independent series; those that learn do so one after the other."""
        wanted = (*self.request.wanted, *self.request.learn)
        plan = self.plan or self.state.runnable(wanted, self.request.learn)
        request = self.request._replace(clock=0)
        if self.request.learn:
            return self._learning_apart(plan, series, request)
        sizes = widths(self.state.slots)
        waiting = groups(series, group_rows(max(sizes[name] for name in plan.reads)))
        alone = replace(self, engine=LOCAL, progress=Silent(), checkpointer=None, watch=None)
        task = BatchTask(alone, (plan, request), "running")
        found = map_batches(self.engine, task, waiting, self.workers, self.progress)
        return [outputs for group in found for outputs in group]

    def _learning_apart(
        self, plan: Plan, series: Sequence[Series | Stream], request: Request
    ) -> list[Outputs]:
        """Learn from one series after the other; return the outputs of those that are not done."""
        found, checkpointer = [], self.checkpointer
        at = Cursor() if checkpointer is None else checkpointer.start
        if checkpointer is not None and at.series:
            checkpointer.restore(self.state.slots)
        for i, one in enumerate(series):
            if i < at.series:
                continue
            with placed(f"in series {i}"):
                found.append(self._one_apart(plan, i, one, request))
            if checkpointer is not None:
                checkpointer.mark(replace(at, series=i + 1), self.state.slots)
                checkpointer.moved_on(0)
        return found

    def group(self, plan: Plan, request: Request, group: Group) -> list[Outputs]:
        """Pass neighbours side by side, if the engine can."""
        if not batched(self.engine, group) or self.engine.execute_many is None:
            return [self._one_apart(plan, i, one, request) for i, one in group]
        initializer = self.state.initializer
        chunks = [one.whole(0, initializer.dtype) for _, one in group if isinstance(one, Series)]
        places = [initializer.fresh(self.state.slots, plan.reads, i) for i, _ in group]
        found = self.engine.execute_many(plan, places, chunks, request)
        self.progress.advance(sum(chunk.n_steps for chunk in chunks))
        return [{name: rows.copy() for name, rows in outputs.items()} for outputs in found]

    def _one_apart(self, plan: Plan, i: int, series: Series | Stream, request: Request) -> Outputs:
        slots = self.state.slots
        place = self.state.initializer.fresh(slots, plan.reads, i)
        outputs, _ = self._go(plan, place, series, request)
        for name in request.learn:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
        return outputs

    def _go(
        self,
        plan: Plan,
        slots: dict[str, Slot],
        series: Series | Stream,
        request: Request,
        done: int = 0,
    ) -> tuple[Outputs, int]:
        rows = self.engine.rows if self.watch is None else partial(self.watch.rows, self.engine)
        chunks = series.chunks(
            rows(plan, widths(slots)), self.warmup, self.state.initializer.dtype, done
        )
        counted = watched(chunks, self.progress, self.engine.news)
        total = series.n_steps - done if isinstance(series, Series) else None
        parts = _Parts(total, {name: slots[name].past[:0] for name in request.wanted})
        for outputs in executed(self.engine, plan, slots, counted, request, self.watch):
            parts.add(outputs)
        return parts.joined(), parts.n_steps


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
                self.pieces.setdefault(name, []).append(rows)
                continue
            if name not in self.whole:
                self.whole[name] = np.empty((self.total, rows.shape[1]), rows.dtype)
            self.whole[name][self.n_steps : self.n_steps + n] = rows
        self.n_steps += n

    def joined(self) -> Outputs:
        joined = {name: np.concatenate(rows) for name, rows in self.pieces.items()}
        return self.whole or joined or self.none


def shaped(results: Sequence[Outputs], names: Sequence[str], form: str, as_dict: bool) -> Any:
    """Return the outputs of `names` in the form in which the data came.

    There are none of a list of series that were all done before learning was resumed.
    """
    if form in ("one", "stream"):
        return results[0] if as_dict else next(iter(results[0].values()))
    joined = {name: [result[name] for result in results] for name in names}
    stacked: dict[str, Any] = {
        name: np.stack(parts) if form == "array" and parts else parts
        for name, parts in joined.items()
    }
    return stacked if as_dict else next(iter(stacked.values()))
