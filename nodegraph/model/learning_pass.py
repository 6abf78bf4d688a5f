"""One pass of some learners over the data: one series, or independent ones side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nodegraph.data.series import Series, Stream
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.errors import placed
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import SecondLook
from nodegraph.graph.rule import Rule, merges
from nodegraph.model.independent_series import learn_independent
from nodegraph.model.joint_readouts import JointReadouts
from nodegraph.model.kept_outputs import KeptOutputs, teachers
from nodegraph.model.passes import Outputs, Pass
from nodegraph.model.stages import Stage, epochs, is_repeated

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
        """Give those who may look twice, at rows that are there `again`, what they gather first."""
        for name in names if again else ():
            rule, slot = self._rule(name), slots[name]
            if slot.memory is None and isinstance(rule, SecondLook):
                slot.memory = next(iter(rule.memories(slot.params)))

    def _restarted(
        self, plan: Plan, slots: Mapping[str, Slot], known: Iterable[str] = ()
    ) -> dict[str, Slot]:
        """Return slots at the start of the model's own stream, teachers of other stages too."""
        found = self.initializer.restarted({name: slots[name] for name in plan.reads})
        found |= {name: slots[name].rewound() for name in known}
        heard = teachers(plan) - plan.reads.keys()
        return found | {name: found.get(name, slots[name]).untaught() for name in heard}

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
            known = series.known if isinstance(series, Series) else {}
            slots.update(self._restarted(stage.plan, slots, known))
        self.hooks.mark(at, slots)
        last = at.turn >= epochs(self.plan.rules, teams.stage.learners) - 1
        final = frozenset(teams.alone(stage.learners)) if last else frozenset[str]()
        return at.steps + self.live(stage, slots, series, kept.take, at.steps, final)

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
            learn_independent(self, stage, slots, series, at, kept)
            return 0
        for i, one in enumerate(series):
            if i < at.series:
                continue
            place = self.initializer.fresh(slots, slots, i)
            with placed(f"in series {i}"):
                self.live(stage, place, one, kept.take)
            self._keep(slots, place, stage)
            self.hooks.reached(replace(at, series=i + 1), slots)
        return 0

    def apart(self, stage: Stage, slots: Mapping[str, Slot]) -> bool:
        """Tell whether the learners of a stage can learn from series apart, to be merged."""
        rules = [(self._rule(name), slots[name].params) for name in stage.learners]
        return all(not rule.online and merges(rule, params) for rule, params in rules)

    def live(
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

    def _keep(self, slots: Slots, place: Mapping[str, Slot], stage: Stage) -> None:
        for name in stage.learners:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory
