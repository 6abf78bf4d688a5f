"""Going through data without stages: one series on the model's stream, or many apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.binding import Fed, total_steps
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.batches import Apart, Group, group_rows, groups, side_by_side, spread
from nodegraph.engines.keeping import Keeper, Position
from nodegraph.engines.request import Work
from nodegraph.engines.slot import Slot, widths
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.host.progress import Progress, Silent, watched
from nodegraph.model.curves import Watch, executed
from nodegraph.model.state import Rack

__all__ = ["Run", "shaped"]

Outputs = dict[str, Array]


@dataclass(frozen=True)
class Run:
    """One way through some data.

    Parameters
    ----------
    rack : Rack
        A draft; its own slots move on if the data are one series.
    engine : Engine
    work : Work
        What is wanted and who learns.
    progress : Progress
    plan : Plan, optional
        In place of the plan of all that can run.
    warmup : int
    workers : int, optional
    keeper : Keeper, optional
        Who writes checkpoints of learning, and knows where to go on from.
    watch : Watch, optional
        Who takes learning curves.
    """

    rack: Rack
    engine: Engine
    work: Work
    progress: Progress
    plan: Plan | None = None
    warmup: int = 0
    workers: int | None = None
    keeper: Keeper | None = None
    watch: Watch | None = None

    def through(self, fed: Fed) -> list[Outputs]:
        """Return the wanted outputs of each series."""
        self.progress.start(total_steps(fed), "run")
        results = self._own(fed.series[0]) if fed.own else self._apart(fed.series)
        self.progress.stop()
        return results

    def _own(self, series: Series | Stream) -> list[Outputs]:
        plan = self.plan or self.rack.runnable(self.rack.ready(), self.work.learn)
        work, done = self.work, 0
        if self.keeper is not None:
            at = self.keeper.start
            if at.steps:
                self.keeper.restore(self.rack.slots)
            self.keeper.stands(at, self.rack.slots)
            done = at.steps
            work = work._replace(keeper=self.keeper, clock=work.clock + done)
        outputs, moved = self._go(plan, self.rack.slots, series, work, done)
        self.rack.time += done + moved
        return [outputs]

    def _apart(self, series: Sequence[Series | Stream]) -> list[Outputs]:
        """Run independent series; those that learn do so one after the other."""
        wanted = (*self.work.wanted, *self.work.learn)
        plan = self.plan or self.rack.runnable(wanted, self.work.learn)
        work = self.work._replace(clock=0)
        if self.work.learn:
            return self._learning_apart(plan, series, work)
        sizes = widths(self.rack.slots)
        waiting = groups(series, group_rows(max(sizes[name] for name in plan.reads)))
        alone = replace(self, engine=LOCAL, progress=Silent(), keeper=None, watch=None)
        task = Apart(alone, (plan, work), "running")
        found = spread(self.engine, task, waiting, self.workers, self.progress)
        return [outputs for group in found for outputs in group]

    def _learning_apart(
        self, plan: Plan, series: Sequence[Series | Stream], work: Work
    ) -> list[Outputs]:
        """Learn from one series after the other; return the outputs of those that are not done."""
        found, keeper = [], self.keeper
        at = Position() if keeper is None else keeper.start
        if keeper is not None and at.series:
            keeper.restore(self.rack.slots)
        for i, one in enumerate(series):
            if i < at.series:
                continue
            with placed(f"in series {i}"):
                found.append(self._one_apart(plan, i, one, work))
            if keeper is not None:
                keeper.stands(replace(at, series=i + 1), self.rack.slots)
                keeper.pass_by(0)
        return found

    def group(self, plan: Plan, work: Work, group: Group) -> list[Outputs]:
        """Run neighbours side by side, if the engine can."""
        if not side_by_side(self.engine, group) or self.engine.execute_many is None:
            return [self._one_apart(plan, i, one, work) for i, one in group]
        builder = self.rack.builder
        chunks = [one.whole(0, builder.dtype) for _, one in group if isinstance(one, Series)]
        places = [builder.fresh(self.rack.slots, plan.reads, i) for i, _ in group]
        found = self.engine.execute_many(plan, places, chunks, work)
        self.progress.advance(sum(chunk.n_steps for chunk in chunks))
        return [{name: rows.copy() for name, rows in outputs.items()} for outputs in found]

    def _one_apart(self, plan: Plan, i: int, series: Series | Stream, work: Work) -> Outputs:
        slots = self.rack.slots
        place = self.rack.builder.fresh(slots, plan.reads, i)
        outputs, _ = self._go(plan, place, series, work)
        for name in work.learn:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
        return outputs

    def _go(
        self,
        plan: Plan,
        slots: dict[str, Slot],
        series: Series | Stream,
        work: Work,
        done: int = 0,
    ) -> tuple[Outputs, int]:
        rows = self.engine.rows if self.watch is None else partial(self.watch.rows, self.engine)
        chunks = series.chunks(
            rows(plan, widths(slots)), self.warmup, self.rack.builder.dtype, done
        )
        counted = watched(chunks, self.progress, self.engine.news)
        total = series.n_steps - done if isinstance(series, Series) else None
        parts = _Parts(total, {name: slots[name].past[:0] for name in work.wanted})
        for outputs in executed(self.engine, plan, slots, counted, work, self.watch):
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
