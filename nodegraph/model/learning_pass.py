"""One series on its way through a stage, whose learners learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nodegraph.data.series import Series, Stream
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.plan import Plan
from nodegraph.graph.rule import Rule, merges
from nodegraph.model.passes import Outputs, Pass
from nodegraph.model.stages import Stage

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
