"""One course of offline and unsupervised learning: stage by stage, series by series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nodegraph.data.binding import BoundData
from nodegraph.data.dealing import dealt_out
from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL
from nodegraph.engines.checkpointer import Cursor
from nodegraph.engines.request import Request
from nodegraph.engines.slot import LET_GO, Slot, widths
from nodegraph.errors import DataError, placed
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Deals, SecondLook, Trailing, Weighed
from nodegraph.model.independent_series import learn_independent
from nodegraph.model.joint_readouts import JointReadouts, find_joint
from nodegraph.model.kept_elsewhere import KeptElsewhere
from nodegraph.model.kept_outputs import KeptOutputs
from nodegraph.model.learning_pass import LearningPass, StageOutputs, cut, teachers
from nodegraph.model.stages import (
    Forcing,
    Stage,
    epochs,
    forced,
    forced_wiring,
    is_repeated,
    parted,
    stages,
    unsettled,
    wanted_again,
    with_teachers,
)

__all__ = ["Fit"]

Slots = dict[str, Slot]
SHOWN = 3  # learners that a progress names


@dataclass(frozen=True, kw_only=True)
class Fit(LearningPass):
    """Learning of some nodes of a plan from some data.

    Parameters
    ----------
    learners : tuple of str
        The nodes that learn.
    forcing : {True, False, "all"}
        See `nodegraph.model.stages.stages`.
    groups : dict, optional
        For the learners of each stage: in which groups they learn one after the other, and let go
        then what they learned from.
    """

    learners: tuple[str, ...]
    forcing: Forcing = True
    groups: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]] | None = None

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of this course."""
        found = stages(self.plan, self.learners, self.forcing)
        if self.groups is None:
            return found
        return tuple(part for one in found for part in parted(one, self.groups[one.learners]))

    @property
    def passes(self) -> int:
        """How often the data are gone through, at least."""
        return sum(epochs(self.plan.rules, stage.learners) for stage in self.stages)

    @property
    def one_by_one(self) -> bool:
        """Whether readouts learn one after the other, and keep nothing to learn more from."""
        return self.groups is not None

    def run(self, slots: Slots, bound: BoundData) -> tuple[list[dict[str, Any]], int]:
        """Let every learner learn in its stage; return a report of each and the steps gone.

        With data of the model's own stream, `slots` are left at its end.
        """
        steps, bound = self.stages, self._dealt(bound)
        total = bound.n_steps and bound.n_steps * self.passes
        moved, at = 0, self.hooks.start
        reports: list[dict[str, Any]] = [*at.reports]
        with self.hooks.shown(total, "fit"), closing(self.kept(slots, bound)) as kept:
            for number in range(at.stage, len(steps)):
                moved, told = self._stage(number, slots, bound, kept, reports)
                stage = steps[number].learners
                reports += [{"node": n, "stage": number + 1, **told[n]} for n in stage]
                left = moved if number + 1 == len(steps) else 0
                self.hooks.reached(Cursor(number + 1, steps=left, reports=tuple(reports)), slots)
        if at.stage == len(steps):
            self.hooks.restore(slots)
            moved = at.steps
        if bound.own:
            self._settle(slots, bound, moved)
        return reports, moved

    def check_again(self, slots: Slots, bound: BoundData, passes: int) -> None:
        """Refuse data that come once where they are gone through more often."""
        if not bound.again and (passes > 1 or self._unsettled(slots)):
            raise DataError(
                "learning here goes through the data more than once "
                f"({' then '.join(', '.join(s.learners) for s in self.stages)}), but an iterator "
                "gives them once; give a list of chunks in an object that can be iterated again"
            )

    def kept(self, slots: Slots, bound: BoundData) -> StageOutputs:
        """Return where outputs are kept: here, or by workers that gather from series elsewhere.

        None are of one stream that is read from its end, or that goes through workers elsewhere,
        and none where no pass will read them.
        """
        kept, sizes, dtype = self.stages, widths(slots), self.initializer.dtype
        if self.engine.gather is not None:
            return KeptElsewhere(() if bound.own else kept, bound, sizes, dtype)
        read_from_end = bound.own and self.plan.from_end
        if self.engine is not LOCAL or read_from_end or self._goes_by_once(slots):
            return StageOutputs()
        return KeptOutputs(kept, bound, sizes, dtype)

    def _goes_by_once(self, slots: Slots) -> bool:
        """Tell whether one pass over the data is all that is foreseen."""
        rules, (stage, *more) = self.plan.rules, self.stages
        turns = (is_repeated(rules, stage.learners, turn, slots) for turn in (0, 1))
        return not more and not any(turns)

    def _stage(
        self,
        number: int,
        slots: Slots,
        bound: BoundData,
        kept: StageOutputs,
        reports: Sequence[dict[str, Any]],
    ) -> tuple[int, dict[str, dict[str, Any]]]:
        """Let the learners of a stage learn; return the steps gone, and what is told of each."""
        stage, at, moved = self.stages[number], self.hooks.start, 0
        self._say(number, "learning")
        resumed = at if number == at.stage and at.learning else None
        if number == at.stage and resumed is None:
            self.hooks.restore(slots)
        found = find_joint(stage, self.plan.rules, bound, widths(slots))
        teams = JointReadouts(found, stage, slots, bound)
        if resumed is not None:
            self.hooks.restore(teams.slots)
        for turn, learning in self._turns(teams, resumed):
            begin = Cursor(number, turn, tuple(learning), reports=tuple(reports))
            if resumed is not None and turn == at.turn:
                self._run_up(teams, at)
                begin = replace(begin, series=at.series, steps=at.steps)
            moved = self._go(teams, kept, begin)
        self._catch_up(teams.slots, stage.learners)
        kept.end(stage, number, False)
        self._say(number, "solving")
        told = dict(teams.conclude())
        if self.one_by_one:
            heavy = [n for n in stage.learners if isinstance(self._rule(n), Weighed)]
            slots.update({name: slots[name].without_memory(LET_GO) for name in heavy})
        return moved, told

    def _say(self, number: int, what: str) -> None:
        """Tell the progress which stage it is, of how many, and who learns or is solved in it."""
        names, many = self.stages[number].learners, len(self.stages)
        shown = ", ".join(names[:SHOWN]) + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
        self.hooks.note(f"stage {number + 1} of {many}, {what} {shown}")

    def _run_up(self, teams: JointReadouts, at: Cursor) -> None:
        """Let nodes whose outputs were known, and no more are, go to where learning goes on."""
        plan, slots, one = teams.stage.plan, teams.slots, teams.bound.series[0]
        if not (at.kept and at.steps and isinstance(one, Series)):
            return
        behind = set(plan.reads) - set(cut(plan, teams.stage.learners, at.kept).reads)
        behind |= set(at.kept) & set(plan.reads)
        needed = plan.rewired(plan.reads, behind)
        place = self._restarted(needed, slots)
        self.one(needed, place, one.first(at.steps), Request((), clock=self.clock, noise=True))
        slots.update({name: place[name] for name in behind})

    def _turns(self, teams: JointReadouts, at: Cursor | None) -> Iterator[tuple[int, list[str]]]:
        """Yield who learns, each time that the data are to go through a stage."""
        rules, learners = self.plan.rules, list(teams.stage.learners)
        first = turn = 0 if at is None else at.turn
        for epoch in range(first, last := epochs(rules, learners)):
            yield epoch, [name for name in learners if epoch < epochs(rules, [name])]
        turn, again = max(first, last), learners
        if at is not None and first >= last:
            again = list(at.learning)
            yield turn, again
            turn += 1
        while again := wanted_again(rules, again, teams.slots, teams.bound):
            self.hooks.bar.start(teams.bound.n_steps, "fit, one more pass")
            yield turn, again
            turn += 1

    def _dealt(self, bound: BoundData) -> BoundData:
        """Return the data with independent series numbered, if that matters to a learner."""
        rules = [self._rule(name) for name in self.learners]
        deals = any(isinstance(rule, Deals) and rule.deals for rule in rules)
        return dealt_out(bound, self.warmup) if deals else bound

    def _go(self, teams: JointReadouts, kept: StageOutputs, at: Cursor) -> int:
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
        kept: StageOutputs,
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
        kept: StageOutputs,
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

    def _keep(self, slots: Slots, place: Mapping[str, Slot], stage: Stage) -> None:
        for name in stage.learners:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory

    def _catch_up(self, slots: Slots, learners: Sequence[str]) -> None:
        """Let rules learn from what they have seen and not learned from yet."""
        for name in learners:
            if isinstance(rule := self._rule(name), Trailing):
                slot = slots[name]
                with np.errstate(all="ignore"):  # as in a program; what diverges is told
                    slot.params, slot.memory = rule.catch_up(slot.params, slot.memory)

    def _unsettled(self, slots: Slots) -> list[str]:
        """Return the nodes that no stage has left at the end of the data as they will be."""
        left = unsettled(self.plan, self.learners, self.forcing, self.stages)
        return [name for name in slots if name in left]

    def _settle(
        self,
        slots: Slots,
        bound: BoundData,
        steps: int,
        begun: Mapping[str, Slot] | None = None,
    ) -> None:
        """Leave every node at the end of the data, of so many steps, as its final params have it.

        The data begin where those that have `begun` stand, or at the start of the stream.
        """
        left = self._unsettled(slots)
        if left:
            wiring = forced_wiring(self.plan, self.learners, self.forcing)
            wiring = {
                name: {port: g for port, g in ports.items() if port != "target"}
                for name, ports in wiring.items()
            }
            plan = self.plan.rewired(wiring, left)
            moved = {*plan.reads, *teachers(plan)}
            place = (
                self._restarted(plan, slots)
                if begun is None
                else {name: slots[name].back_at(begun[name]) for name in moved}
            )
            self.one(plan, place, bound.series[0], Request(clock=self.clock, noise=True))
            taught = forced(self.plan, self.learners, self.forcing)
            slots.update({name: place[name] for name in place if name in (*left, *taught)})
        self._leave_teachers(slots, self.clock + steps)

    def _leave_teachers(self, slots: Slots, end: int) -> None:
        """Leave the last targets of learners with each, in place of outputs where they are heard.

        They are the first to go in where the model goes on by itself, at step `end`.
        """
        taught = with_teachers(self.plan, self.learners) if self.forcing else []
        stand = forced(self.plan, self.learners, self.forcing)
        wiring = forced_wiring(self.plan, self.learners, self.forcing)
        said = {n: (s.past, s.past if s.taught is None else s.taught) for n, s in slots.items()}
        for name in slots.keys() - set(taught):
            slots[name].taught = None
        for name in taught:
            if wired := wiring[name].get("target"):
                depth = len(slots[name].past)
                lines = [(read, said[read.source][read.taught]) for read in wired]
                rows = [read.last_rows(line, end, depth) for read, line in lines]
                slots[name].taught = np.hstack(rows)
            if (last := slots[name].taught) is not None and name in stand:
                slots[name].past = last
