"""Running: one series on the model's stream, or many apart; rules may learn as they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import BatchTask, Group, batched, group_rows, groups, map_batches
from nodegraph.engines.request import Request
from nodegraph.engines.slot import widths
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.model.noise import require_noise
from nodegraph.model.passes import Outputs, Pass
from nodegraph.model.state import ModelState

__all__ = ["Run", "shaped"]


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
        require_noise(self.state, self.request.noise and not self.request.learn)
        self.hooks.progress.start(total_steps(bound), "run")
        results = self._own(bound.series[0]) if bound.own else self._apart(bound.series)
        self.hooks.progress.stop()
        return results

    def _own(self, series: Series | Stream) -> list[Outputs]:
        plan = self.plan or self.state.runnable(self.state.ready(), self.request.learn)
        slots, at, request = self.state.slots, self.hooks.start, self.request
        if (checkpointer := self.hooks.checkpointer) is not None:
            if at.steps:
                checkpointer.restore(slots)
            checkpointer.mark(at, slots)
            request = request._replace(checkpointer=checkpointer, clock=request.clock + at.steps)
        outputs, moved = self.one(plan, slots, series, request, at.steps)
        self.state.time += at.steps + moved
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
        parts = map_batches(self.engine, task, waiting, self.workers, self.hooks.progress)
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
                results.append(self._one_apart(plan, i, one, request))
            self.hooks.reached(replace(at, series=i + 1), slots)
        return results

    def group(self, plan: Plan, request: Request, group: Group) -> list[Outputs]:
        """Run neighbours side by side, if the engine can."""
        if not batched(self.engine, group):
            return [self._one_apart(plan, i, one, request) for i, one in group]
        fresh, slots = self.initializer.fresh, self.state.slots
        return self.many(plan, [fresh(slots, plan.reads, i) for i, _ in group], group, request)

    def _one_apart(self, plan: Plan, i: int, series: Series | Stream, request: Request) -> Outputs:
        slots = self.state.slots
        place = self.initializer.fresh(slots, plan.reads, i)
        outputs, _ = self.one(plan, place, series, request)
        for name in request.learn:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
        return outputs


class ByName(dict[str, Any]):
    """Outputs by node; the name of a composite stands for its node that is there."""

    def __missing__(self, name: str) -> Any:
        inside = [key for key in self if key.startswith(f"{name}.")]
        if len(inside) != 1:
            raise KeyError(name)
        return self[inside[0]]


def shaped(results: Sequence[Outputs], names: Sequence[str], form: str, as_dict: bool) -> Any:
    """Return the outputs of `names` in the form in which the data came.

    There are none of a list of series that were all done before learning was resumed.
    """
    if form in ("one", "stream"):
        return ByName(results[0]) if as_dict else next(iter(results[0].values()))
    joined = {name: [result[name] for result in results] for name in names}
    stacked: dict[str, Any] = {
        name: np.stack(parts) if form == "array" and parts else parts
        for name, parts in joined.items()
    }
    return ByName(stacked) if as_dict else next(iter(stacked.values()))
