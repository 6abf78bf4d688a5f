"""One pass of some learners over the data: one series, or independent ones side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import BatchTask, Group, batched, group_rows, groups, map_batches
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.first_use import merged
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.engines.vitals import Vitals
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import SecondLook, begun, begun_like
from nodegraph.graph.rule import Rule, merges
from nodegraph.host.lent_threads import lent_threads
from nodegraph.model.joint_readouts import JointReadouts
from nodegraph.model.kept_outputs import KeptOutputs
from nodegraph.model.passes import Outputs, Pass
from nodegraph.model.stages import Stage
from nodegraph.model.turns import epochs, is_repeated

__all__ = ["LearningPass"]

Slots = dict[str, Slot]


@dataclass(frozen=True, kw_only=True)
class LearningPass(Pass):
    """A pass in which the learners of a stage learn.

    Parameters
    ----------
    clock : int
        Number of the first step, for nodes on a clock.
    """

    clock: int = 0

    @property
    def plan(self) -> Plan:
        """The plan of the whole graph."""
        return self.initializer.plan

    def _rule(self, name: str) -> Rule:
        return self.plan.rules[name]

    def go(self, teams: JointReadouts, kept: KeptOutputs, at: Cursor) -> int:
        """Go through all data once; return how many steps the last series had."""
        more = is_repeated(self.plan.rules, at.learning, at.turn, teams.slots)
        stage = kept.begin(teams.stage, at, more)
        bound, at = kept.data(teams.bound, stage), replace(at, kept=kept.names)
        if self.hooks.vitals is not None:
            self.hooks.vitals.begin()
        self._begin(teams.slots, at.learning, bound.again)
        if bound.own:
            moved = self._pass_own(stage, teams, bound.series[0], at, kept)
        else:
            moved = self._pass_independent(stage, teams.slots, bound.series, at, kept)
        kept.end(teams.stage, at.stage, True)
        return moved

    def _begin(self, slots: Slots, names: Sequence[str], again: bool) -> None:
        """Give those who may look twice what they gather in first."""
        for name in names:
            if slots[name].memory is None and isinstance(self._rule(name), SecondLook):
                slots[name].memory = begun(self._rule(name), slots[name].params, again)

    def _pass_own(
        self,
        stage: Stage,
        teams: JointReadouts,
        series: Series | Stream,
        at: Cursor,
        kept: KeptOutputs,
    ) -> int:
        """Go through the series of the model's own stream."""
        slots = teams.slots
        if not at.steps:
            fresh = self.initializer.restarted({name: slots[name] for name in stage.plan.reads})
            known = series.known if isinstance(series, Series) else {}
            slots.update({**fresh, **{name: slots[name].rewound() for name in known}})
        self.hooks.mark(at, slots)
        last = at.turn >= epochs(self.plan.rules, teams.stage.learners) - 1
        final = frozenset(teams.alone(stage.learners)) if last else frozenset[str]()
        return at.steps + self._live(stage, slots, series, kept.take, at.steps, final)

    def _pass_independent(
        self,
        stage: Stage,
        slots: Slots,
        series: Sequence[Series | Stream],
        at: Cursor,
        kept: KeptOutputs,
    ) -> int:
        """Go through independent series: groups of them apart, or one after the other."""
        self.hooks.mark(at, slots)
        if self.apart(stage, slots):
            self._pass_apart(stage, slots, series, at, kept)
            return 0
        for i, one in enumerate(series):
            if i < at.series:
                continue
            place = self.initializer.fresh(slots, slots, i)
            with placed(f"in series {i}"):
                self._live(stage, place, one, kept.take)
            self._keep(slots, place, stage)
            self.hooks.reached(replace(at, series=i + 1), slots)
        return 0

    def apart(self, stage: Stage, slots: Mapping[str, Slot]) -> bool:
        """Tell whether the learners of a stage can learn from series apart, to be merged."""
        rules = [(self._rule(name), slots[name].params) for name in stage.learners]
        return all(not rule.online and merges(rule, params) for rule, params in rules)

    def _pass_apart(
        self,
        stage: Stage,
        slots: Slots,
        series: Sequence[Series | Stream],
        at: Cursor,
        kept: KeptOutputs,
    ) -> None:
        """Learn from groups of series apart and merge what they hold, in the order of series."""
        sizes = widths(slots)
        rows = group_rows(max(sizes[name] for name in stage.whole if name in sizes))
        waiting = islice(groups(series, rows), at.series, None)
        alone = replace(self, engine=LOCAL, hooks=self.hooks.elsewhere())
        task = BatchTask(alone, (stage, dict(slots)), f"{', '.join(stage.learners)} learned from")
        parts = map_batches(self.engine, task, waiting, self.workers, self.hooks.progress)
        with lent_threads(self.workers):
            for done, (memories, vitals, found) in enumerate(parts, at.series + 1):
                self._merge(slots, memories)
                for outputs in found:
                    kept.take(outputs)
                if self.hooks.vitals is not None:
                    self.hooks.vitals.join(vitals)
                self.hooks.reached(replace(at, series=done), slots)

    def _merge(self, slots: Slots, memories: Mapping[str, Any]) -> None:
        for name, memory in memories.items():
            slots[name].memory = merged(name, self._rule(name), slots[name].memory, memory)

    def group(
        self, stage: Stage, slots: Slots, group: Group
    ) -> tuple[dict[str, Any], Vitals | None, list[Outputs]]:
        """Return what the learners of a stage gather from a group of series.

        With it come its vitals, and the outputs that are to be kept.
        """
        vitals, found = self.hooks.elsewhere().vitals, list[Outputs]()
        own = replace(self, hooks=self.hooks._replace(vitals=vitals))
        return own._gathered(stage, slots, group, found), vitals, found

    def _gathered(
        self, stage: Stage, slots: Slots, group: Group, found: list[Outputs]
    ) -> dict[str, Any]:
        """Return what the learners of a stage gather from a group of series, by name."""
        if batched(self.engine, group):
            return self._abreast(stage, slots, group, found)
        memories = {name: self._begun(slots[name], name) for name in stage.learners}
        for i, series in group:
            place = self.initializer.fresh(slots, slots, i)
            for name in stage.learners:
                place[name].memory = memories[name]
            self._live(stage, place, series, found.append)
            memories = {name: place[name].memory for name in stage.learners}
        return memories

    def _abreast(
        self, stage: Stage, slots: Slots, group: Group, found: list[Outputs]
    ) -> dict[str, Any]:
        """Learn from a group of series that go through the graph side by side."""
        places = [self.initializer.fresh(slots, slots, i) for i, _ in group]
        for name in stage.learners:
            places[0][name].memory = self._begun(slots[name], name)
        learn, vitals = frozenset(stage.learners), self.hooks.vitals
        request = Request(stage.record, learn, self.clock, True, vitals=vitals)
        found += self.many(stage.plan, places, group, request)
        return {name: places[-1][name].memory for name in stage.learners}

    def _live(
        self,
        stage: Stage,
        slots: Slots,
        series: Series | Stream,
        into: Callable[[Outputs], object] | None = None,
        done: int | None = None,
        final: frozenset[str] = frozenset(),
    ) -> int:
        """Drive one series through the plan of a stage; return how many steps it had.

        `into` is given the outputs that are to be kept. `done` of the steps are left out; None:
        nobody is to keep where it stands in between. Those who are `final` may conclude at the end.
        """
        for name in stage.learners:
            if slots[name].memory is None:
                slots[name].memory = self._rule(name).begin(slots[name].params)
        keeps = None if done is None else self.hooks.checkpointer
        done, vitals = done or 0, self.hooks.vitals
        clock = self.clock + done
        learn = frozenset(stage.learners)
        request = Request(stage.record, learn, clock, True, keeps, final, vitals=vitals)
        return self.one(stage.plan, slots, series, request, done, into)[1]

    def _begun(self, slot: Slot, name: str) -> Any:
        """Return what a part of the data is to be gathered in, in this pass."""
        return begun_like(self._rule(name), slot.params, slot.memory)

    def _keep(self, slots: Slots, place: Mapping[str, Slot], stage: Stage) -> None:
        for name in stage.learners:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
