"""Going through data without stages: one series on the model's stream, or many apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.engines import Engine
from nodegraph.feeding import Fed, total_steps
from nodegraph.groups import group_rows, groups, mapping, side_by_side
from nodegraph.intake import Series, Stream
from nodegraph.plan import Plan
from nodegraph.progress import Progress, watched
from nodegraph.rack import Rack
from nodegraph.slot import Slot, Work, widths
from nodegraph.watching import Watch

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
    warmup, workers : int
    watch : Watch, optional
        Who takes learning curves.
    """

    rack: Rack
    engine: Engine
    work: Work
    progress: Progress
    plan: Plan | None = None
    warmup: int = 0
    workers: int = 1
    watch: Watch | None = None

    def through(self, fed: Fed) -> list[Outputs]:
        """Return the wanted outputs of each series."""
        self.progress.start(total_steps(fed), "run")
        results = self._own(fed.series[0]) if fed.own else self._apart(fed.series)
        self.progress.stop()
        return results

    def _own(self, series: Series | Stream) -> list[Outputs]:
        plan = self.plan or self.rack.runnable(self.rack.ready(), self.work.learn)
        outputs, moved = self._go(plan, self.rack.slots, series, self.work)
        self.rack.time += moved
        return [outputs]

    def _apart(self, series: Sequence[Series | Stream]) -> list[Outputs]:
        """Run independent series; those that learn do so one after the other."""
        wanted = (*self.work.wanted, *self.work.learn)
        plan = self.plan or self.rack.runnable(wanted, self.work.learn)
        work = self.work._replace(clock=0)
        if self.work.learn:
            return [self._one_apart(plan, i, one, work) for i, one in enumerate(series)]
        sizes = widths(self.rack.slots)
        waiting = groups(series, group_rows(max(sizes[name] for name in plan.reads)))
        with mapping(self.workers) as over:
            found = over(partial(self._group, plan, work=work), waiting)
            return [outputs for group in found for outputs in group]

    def _group(
        self, plan: Plan, group: Sequence[tuple[int, Series | Stream]], work: Work
    ) -> list[Outputs]:
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
        self, plan: Plan, slots: dict[str, Slot], series: Series | Stream, work: Work
    ) -> tuple[Outputs, int]:
        size = plan.chunk_rows(widths(slots))
        size = size if self.watch is None else self.watch.rows(size)
        chunks = series.chunks(size, self.warmup, self.rack.builder.dtype)
        counted = watched(chunks, self.progress)
        total = series.n_steps if isinstance(series, Series) else None
        parts = _Parts(total)
        going = (
            self.engine.execute(plan, slots, counted, work)
            if self.watch is None
            else self.watch.execute(self.engine, plan, slots, counted, work)
        )
        for outputs in going:
            parts.add(outputs)
        return parts.joined(), parts.n_steps


class _Parts:
    """Outputs that come chunk by chunk."""

    def __init__(self, total: int | None):
        self.total, self.n_steps = total, 0
        self.whole: Outputs = {}
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
        return self.whole or {n: np.concatenate(rows) for n, rows in self.pieces.items()}


def shaped(results: Sequence[Outputs], form: str, as_dict: bool) -> Any:
    """Return outputs in the form in which the data came."""
    if form in ("one", "stream"):
        return results[0] if as_dict else next(iter(results[0].values()))
    joined = {name: [result[name] for result in results] for name in results[0]}
    stacked: dict[str, Any] = {
        name: np.stack(parts) if form == "array" else parts for name, parts in joined.items()
    }
    return stacked if as_dict else next(iter(stacked.values()))
