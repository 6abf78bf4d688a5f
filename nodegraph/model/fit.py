"""One course of offline and unsupervised learning: stage by stage, series by series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from nodegraph.data.binding import BoundData, total_steps
from nodegraph.data.dealing import dealt_out
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL
from nodegraph.engines.batches import BatchTask, Group, batched, group_rows, groups, map_batches
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.first_use import concluded, merged
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot, widths
from nodegraph.engines.vitals import Vitals
from nodegraph.errors import DataError, GraphError, placed
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Deals, Passes, SecondLook, Trailing, begun_like
from nodegraph.graph.rule import Rule, merges
from nodegraph.model.checks import check_long_enough
from nodegraph.model.joint_readouts import JointReadouts, find_joint
from nodegraph.model.passes import Pass
from nodegraph.model.stages import Forcing, Stage, forced, forced_wiring, stages, unsettled

__all__ = ["Fit"]

Slots = dict[str, Slot]


@dataclass(frozen=True, kw_only=True)
class Fit(Pass):
    """Learning of some nodes of a plan from some data.

    Parameters
    ----------
    learners : tuple of str
        The nodes that learn.
    forcing : {True, False, "all"}
        See `nodegraph.model.stages.stages`.
    clock : int
        Number of the first step, for nodes on a clock.
    """

    learners: tuple[str, ...]
    forcing: Forcing = True
    clock: int = 0

    @property
    def plan(self) -> Plan:
        """The plan of the whole graph."""
        return self.initializer.plan

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of this course."""
        return stages(self.plan, self.learners, self.forcing)

    def run(self, slots: Slots, bound: BoundData) -> tuple[list[dict[str, Any]], int]:
        """Let every learner learn in its stage; return a report of each and the steps gone.

        With data of the model's own stream, `slots` are left at its end.
        """
        steps, bound = self.stages, self._dealt(bound)
        passes = [self._epochs(stage) for stage in steps]
        if not bound.again and (sum(passes) > 1 or self._unsettled(slots)):
            raise DataError(
                "learning here goes through the data more than once "
                f"({' then '.join(', '.join(s.learners) for s in steps)}), but an iterator gives "
                "them once; give a list of chunks in an object that can be iterated again"
            )
        check_long_enough(self.plan, self.learners, bound)
        self.hooks.progress.start((total := total_steps(bound)) and total * sum(passes), "fit")
        moved, at = 0, self.hooks.start
        reports: list[dict[str, Any]] = [*at.reports]
        for number, (stage, epochs) in enumerate(zip(steps, passes, strict=True)):
            if number < at.stage:
                continue
            if number == at.stage and not at.learning:
                self.hooks.restore(slots)
            teams = JointReadouts(find_joint(stage, self.plan.rules, bound), stage, slots, bound)
            if number == at.stage and at.learning:
                self.hooks.restore(teams.slots)
            for turn, learning in self._turns(teams, epochs, at if number == at.stage else None):
                begin = Cursor(number, turn, tuple(learning), reports=tuple(reports))
                if (number, turn) == (at.stage, at.turn):
                    begin = replace(begin, series=at.series, steps=at.steps)
                moved = self._pass(teams, learning, begin)
            self._catch_up(teams.slots, stage.learners)
            told = dict(teams.conclude())
            reports += [{"node": n, "stage": number + 1, **told[n]} for n in stage.learners]
            left = moved if number + 1 == len(steps) else 0
            self.hooks.reached(Cursor(number + 1, steps=left, reports=tuple(reports)), slots)
        if at.stage == len(steps):
            self.hooks.restore(slots)
            moved = at.steps
        if bound.own:
            self._settle(slots, bound)
        self.hooks.progress.stop()
        return reports, moved

    def _turns(
        self, teams: JointReadouts, epochs: int, at: Cursor | None
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield who learns, each time that the data are to go through a stage."""
        learners, turn = list(teams.stage.learners), 0 if at is None else at.turn
        for epoch in range(turn, epochs):
            yield epoch, [name for name in learners if epoch < self._epochs_of(name)]
        turn, again = max(turn, epochs), learners
        if at is not None and at.turn >= epochs:
            again = list(at.learning)
            yield turn, again
            turn += 1
        while again := self._again(again, teams.slots, teams.bound):
            self.hooks.progress.start(total_steps(teams.bound), "fit, one more pass")
            yield turn, again
            turn += 1

    def go_on(self, slots: Slots, bound: BoundData) -> tuple[list[dict[str, Any]], int]:
        """Let offline learners learn from more data; see `Model.update`."""
        if len(self.stages) > 1:
            before = ", ".join(f'"{n}"' for stage in self.stages[:-1] for n in stage.learners)
            raise GraphError(
                f"update cannot change {', '.join(self.learners)} in turn: those downstream would "
                f"be stale; write model.freeze({before}).update(x, y), or fit on all data"
            )
        (stage,), moved, bound = self.stages, 0, self._dealt(bound)
        for i, series in enumerate(bound.series):
            place = slots if bound.own else self.initializer.fresh(slots, slots, i)
            moved = self._live(stage, place, series, stage.learners)
            self._keep(slots, place, stage)
        reports = [{"node": name, **self._finish(slots[name], name)} for name in stage.learners]
        if bound.own:
            self._leave_teachers(slots)
        return reports, moved * bound.own

    def _dealt(self, bound: BoundData) -> BoundData:
        """Return the data with independent series numbered, if that matters to a learner."""
        rules = [self._rule(name) for name in self.learners]
        deals = any(isinstance(rule, Deals) and rule.deals for rule in rules)
        return dealt_out(bound, self.warmup) if deals else bound

    def _again(self, learning: Sequence[str], slots: Slots, bound: BoundData) -> list[str]:
        """Return which of those that have learned need another pass over the data."""
        wanted = []
        for name in learning:
            rule, before = self._rule(name), slots[name].memory
            if bound.again and isinstance(rule, SecondLook) and rule.is_unsure(before):
                slots[name].memory = rule.memories(slots[name].params)[1]
                slots[name].answer = None
                wanted.append(name)
                continue
            if not isinstance(rule, Passes):
                continue
            slots[name].memory, more = rule.after_pass(before)
            if slots[name].memory is not before:
                slots[name].answer = None
            wanted += [name] * more
        if wanted and not bound.again:
            raise DataError(
                f"{', '.join(wanted)} goes through the data many times, but an iterator gives them "
                "once; give a list of chunks in an object that can be iterated again"
            )
        return wanted

    def _rule(self, name: str) -> Rule:
        return self.plan.rules[name]

    def _epochs(self, stage: Stage) -> int:
        return max(self._epochs_of(name) for name in stage.learners)

    def _epochs_of(self, name: str) -> int:
        return int(getattr(self._rule(name), "epochs", 1))

    def _pass(self, teams: JointReadouts, learning: Sequence[str], at: Cursor) -> int:
        """Go through all data once; return how many steps the last series had."""
        stage, slots, bound = teams.stage, teams.slots, teams.bound
        if self.hooks.vitals is not None:
            self.hooks.vitals.begin()
        if bound.own:
            if not at.steps:
                names = stage.plan.reads
                slots.update(self.initializer.restarted({name: slots[name] for name in names}))
            self.hooks.mark(at, slots)
            last = at.turn >= self._epochs(stage) - 1
            final = frozenset(teams.alone(learning)) if last else frozenset[str]()
            return at.steps + self._live(stage, slots, bound.series[0], learning, at.steps, final)
        self.hooks.mark(at, slots)
        if self.apart(stage, slots):
            self._pass_apart(stage, slots, bound.series, at)
            return 0
        for i, series in enumerate(bound.series):
            if i < at.series:
                continue
            place = self.initializer.fresh(slots, slots, i)
            with placed(f"in series {i}"):
                self._live(stage, place, series, learning)
            self._keep(slots, place, stage)
            self.hooks.reached(replace(at, series=i + 1), slots)
        return 0

    def apart(self, stage: Stage, slots: Mapping[str, Slot]) -> bool:
        """Tell whether the learners of a stage can learn from series apart, to be merged."""
        rules = [(self._rule(name), slots[name].params) for name in stage.learners]
        return all(not rule.online and merges(rule, params) for rule, params in rules)

    def _pass_apart(
        self, stage: Stage, slots: Slots, series: Sequence[Series | Stream], at: Cursor
    ) -> None:
        """Learn from groups of series apart and merge what they hold, in the order of series."""
        sizes = widths(slots)
        rows = group_rows(max(sizes[name] for name in stage.plan.reads))
        waiting = islice(groups(series, rows), at.series, None)
        alone = replace(self, engine=LOCAL, hooks=self.hooks.elsewhere())
        task = BatchTask(alone, (stage, dict(slots)), f"{', '.join(stage.learners)} learned from")
        parts = map_batches(self.engine, task, waiting, self.workers, self.hooks.progress)
        for done, (memories, vitals) in enumerate(parts, at.series + 1):
            self._merge(slots, memories)
            if self.hooks.vitals is not None:
                self.hooks.vitals.join(vitals)
            self.hooks.reached(replace(at, series=done), slots)

    def _merge(self, slots: Slots, memories: Mapping[str, Any]) -> None:
        for name, memory in memories.items():
            slots[name].memory = merged(name, self._rule(name), slots[name].memory, memory)

    def group(
        self, stage: Stage, slots: Slots, group: Group
    ) -> tuple[dict[str, Any], Vitals | None]:
        """Return what the learners of a stage gather from a group of series, and its vitals."""
        vitals = self.hooks.elsewhere().vitals
        own = replace(self, hooks=self.hooks._replace(vitals=vitals))
        return own._gathered(stage, slots, group), vitals

    def _gathered(self, stage: Stage, slots: Slots, group: Group) -> dict[str, Any]:
        """Return what the learners of a stage gather from a group of series, by name."""
        if batched(self.engine, group):
            return self._abreast(stage, slots, group)
        memories = {name: self._begun(slots[name], name) for name in stage.learners}
        for i, series in group:
            place = self.initializer.fresh(slots, slots, i)
            for name in stage.learners:
                place[name].memory = memories[name]
            self._live(stage, place, series, stage.learners)
            memories = {name: place[name].memory for name in stage.learners}
        return memories

    def _abreast(
        self, stage: Stage, slots: Slots, group: Sequence[tuple[int, Series | Stream]]
    ) -> dict[str, Any]:
        """Learn from a group of series that go through the graph side by side."""
        places = [self.initializer.fresh(slots, slots, i) for i, _ in group]
        for name in stage.learners:
            places[0][name].memory = self._begun(slots[name], name)
        learn, vitals = frozenset(stage.learners), self.hooks.vitals
        self.many(stage.plan, places, group, Request((), learn, self.clock, True, vitals=vitals))
        return {name: places[-1][name].memory for name in stage.learners}

    def _live(
        self,
        stage: Stage,
        slots: Slots,
        series: Series | Stream,
        learning: Sequence[str],
        done: int | None = None,
        final: frozenset[str] = frozenset(),
    ) -> int:
        """Drive one series through the plan of a stage; return how many steps it had.

        `done` of them are left out; None: nobody is to keep where it stands in between. Those who
        are `final` may conclude at the end.
        """
        for name in learning:
            if slots[name].memory is None:
                slots[name].memory = self._rule(name).begin(slots[name].params)
        keeps = None if done is None else self.hooks.checkpointer
        done, vitals = done or 0, self.hooks.vitals
        clock = self.clock + done
        request = Request((), frozenset(learning), clock, True, keeps, final, vitals=vitals)
        return self.one(stage.plan, slots, series, request, done)[1]

    def _begun(self, slot: Slot, name: str) -> Any:
        """Return what a part of the data is to be gathered in, in this pass."""
        return begun_like(self._rule(name), slot.params, slot.memory)

    def _keep(self, slots: Slots, place: Mapping[str, Slot], stage: Stage) -> None:
        for name in stage.learners:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory

    def _catch_up(self, slots: Slots, learners: Sequence[str]) -> None:
        """Let rules learn from what they have seen and not learned from yet."""
        for name in learners:
            if isinstance(rule := self._rule(name), Trailing):
                slot = slots[name]
                slot.params, slot.memory = rule.catch_up(slot.params, slot.memory)

    def _finish(self, slot: Slot, name: str) -> dict[str, Any]:
        rule = self._rule(name)
        slot.params, facts = concluded(name, rule, slot.params, slot.memory)
        slot.fitted = True
        return {"rule": type(rule).__name__, **facts}

    def _unsettled(self, slots: Slots) -> list[str]:
        """Return the nodes that no stage has left at the end of the data as they will be."""
        left = unsettled(self.plan, self.learners, self.forcing, self.stages)
        return [name for name in slots if name in left]

    def _settle(self, slots: Slots, bound: BoundData) -> None:
        """Leave every node at the end of the data, as its final params have it."""
        left = self._unsettled(slots)
        if left:
            wiring = forced_wiring(self.plan, self.learners, self.forcing)
            wiring = {
                name: {port: g for port, g in ports.items() if port != "target"}
                for name, ports in wiring.items()
            }
            plan = self.plan.rewired(wiring, left)
            slots.update(self.initializer.restarted({name: slots[name] for name in plan.reads}))
            self.one(plan, slots, bound.series[0], Request(noise=True))
        self._leave_teachers(slots)

    def _leave_teachers(self, slots: Slots) -> None:
        for name in forced(self.plan, self.learners, self.forcing):
            if (taught := slots[name].taught) is not None:
                slots[name].past = taught
