"""One series on its way through a stage, whose learners learn; what it runs and what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from nodegraph.arrays import Array
from nodegraph.data.binding import BoundData
from nodegraph.data.series import Series, Stream
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.plan import Plan
from nodegraph.graph.rule import Rule, merges
from nodegraph.model.passes import Outputs, Pass
from nodegraph.model.stages import Stage

__all__ = ["LearningPass", "StageOutputs", "cut", "heard", "part_of", "teachers"]

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


class StageOutputs:
    """What becomes of the outputs of a pass: they are let go, and each pass runs all it hears of.

    `nodegraph.model.kept_outputs` has what keeps those that will be read again.
    """

    shelved: Any = None  # what is kept elsewhere, of the pass that began last

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes whose outputs are known."""
        return ()

    def foreseen(self) -> int:
        """Return how many bytes of memory outputs will take at most."""
        return 0

    def before(self, number: int) -> set[str]:
        """Return the nodes whose outputs will be known when the stage of this number begins."""
        return set()

    def begin(self, stage: Stage, at: Cursor, more: bool) -> Stage:
        """Return what a pass has to run, with the nodes whose outputs are to be taken in it.

        Parameters
        ----------
        stage : Stage
            That of the pass, with everything upstream of its learners.
        at : Cursor
            Where the pass begins; if that is not at its first step, nothing is taken.
        more : bool
            Whether there will be another pass in the stage.
        """
        return part_of(stage, tuple(name for name in stage.learners if name in at.learning), ())

    def data(self, bound: BoundData, stage: Stage) -> BoundData:
        """Return the data that a stage hears, with the outputs of what does not run."""
        reads, taught = stage.plan.reads, teachers(stage.plan)
        if bound.data.keys() <= reads.keys() and bound.targets.keys() <= taught:
            return bound
        told = partial(heard, reads, taught)
        series = [one.changed(told) if isinstance(one, Series) else one for one in bound.series]
        return replace(bound, series=series)

    def take(self, outputs: Mapping[str, Array]) -> None:
        """Take the rows that come next, in the order of steps and series."""

    def end(self, stage: Stage, number: int, more: bool) -> None:
        """Let go what is not whole, and what nobody will read any more."""

    def close(self) -> None:
        """Let everything go."""


def part_of(stage: Stage, learners: tuple[str, ...], known: Collection[str]) -> Stage:
    """Return what of a stage has to run for some of its learners, where others are known."""
    plan = cut(stage.plan, learners, known)
    if len(learners) < len(stage.learners) and plan is stage.plan:
        plan = plan.rewired(plan.reads, learners)
    return replace(stage, learners=learners, plan=plan, record=())


def cut(plan: Plan, learners: Collection[str], known: Collection[str]) -> Plan:
    """Return the plan of what has to run for some learners, where others are known."""
    if not known:
        return plan
    reads = {name: ports for name, ports in plan.reads.items() if name not in known}
    return plan.rewired(reads, [name for name in learners if name in reads])


def teachers(plan: Plan) -> set[str]:
    """Return whose targets are heard of in a plan, or leave their last values."""
    ports = (group for ports in plan.reads.values() for group in ports.values())
    return {*plan.reads, *(read.source for group in ports for read in group if read.taught)}


def heard(
    names: Collection[str],
    taught: Collection[str],
    one: Series,
    known: Mapping[str, Any] = MappingProxyType({}),
) -> Series:
    """Return of a series what some nodes hear, and the outputs of those that do not run."""
    data = {name: rows for name, rows in one.data.items() if name in names}
    targets = {name: rows for name, rows in one.targets.items() if name in taught}
    return replace(one, data=data, targets=targets, known=known)
