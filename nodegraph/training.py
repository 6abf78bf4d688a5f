"""One course of offline and unsupervised learning: stage by stage, series by series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import inf
from typing import Any

from nodegraph.build import Builder
from nodegraph.engines import Engine
from nodegraph.errors import DataError, GraphError
from nodegraph.feeding import Fed, total_steps
from nodegraph.groups import group_rows, groups, mapping, side_by_side
from nodegraph.intake import Series, Stream
from nodegraph.plan import Plan
from nodegraph.progress import Progress, Silent, watched
from nodegraph.rule import Rule
from nodegraph.slot import Chunk, Slot, Work, widths
from nodegraph.stages import Forcing, Stage, forced_wiring, stages
from nodegraph.teams import Teams, find_teams
from nodegraph.watching import Watch

__all__ = ["Course"]

Slots = dict[str, Slot]


@dataclass(frozen=True)
class Course:
    """Learning of some nodes of a plan from some data.

    Parameters
    ----------
    builder : Builder
    engine : Engine
    learners : tuple of str
        The nodes that learn.
    forcing : {True, False, "all"}
        See `nodegraph.stages.stages`.
    warmup : int
        How many steps of each series only drive the states.
    workers : int
        How many threads learn from independent series; the result does not depend on it.
    progress : Progress
    clock : int
        Number of the first step, for nodes on a clock.
    watch : Watch, optional
        Who takes learning curves.
    """

    builder: Builder
    engine: Engine
    learners: tuple[str, ...]
    forcing: Forcing = True
    warmup: int = 0
    workers: int = 1
    progress: Progress = field(default_factory=Silent)
    clock: int = 0
    watch: Watch | None = None

    @property
    def plan(self) -> Plan:
        """The plan of the whole graph."""
        return self.builder.plan

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of this course."""
        return stages(self.plan, self.learners, self.forcing)

    def run(self, slots: Slots, fed: Fed) -> tuple[list[dict[str, Any]], int]:
        """Let every learner learn in its stage; return a report of each and the steps gone.

        With data of the model's own stream, `slots` are left at its end.
        """
        reports = []
        steps = self.stages
        passes = [self._epochs(stage) for stage in steps]
        if not fed.again and (sum(passes) > 1 or self._unsettled(slots)):
            raise DataError(
                "learning here goes through the data more than once "
                f"({' then '.join(', '.join(s.learners) for s in steps)}), but an iterator gives "
                "them once; give a list of chunks in an object that can be iterated again"
            )
        self._check_long_enough(fed)
        total = total_steps(fed)
        self.progress.start(total and total * sum(passes), "fit")
        moved = 0
        for number, (stage, epochs) in enumerate(zip(steps, passes, strict=True), 1):
            teams = Teams(find_teams(stage, self.plan.rules, fed), stage, slots, fed)
            for epoch in range(epochs):
                learning = [n for n in teams.stage.learners if epoch < self._epochs_of(n)]
                moved = self._pass(teams.stage, teams.slots, teams.fed, learning)
            learning = list(teams.stage.learners)
            while learning := self._again(learning, teams.slots, fed):
                self.progress.start(total, "fit, one more pass")
                moved = self._pass(teams.stage, teams.slots, teams.fed, learning)
            told = dict(teams.conclude())
            reports += [{"node": n, "stage": number, **told[n]} for n in stage.learners]
        if fed.own:
            self._settle(slots, fed)
        self.progress.stop()
        return reports, moved

    def _check_long_enough(self, fed: Fed) -> None:
        """Refuse series of which no step could be learned from."""
        lengths = [one.n_steps if isinstance(one, Series) else inf for one in fed.series]
        longest = max(lengths, default=inf)
        for name in self.learners:
            needed = self._rule(name).shortest(self.plan.nodes[name])
            if longest < needed:
                raise DataError(
                    f"{name} cannot learn from series that short: it needs {needed} steps, for how "
                    f"far it looks back and ahead, and the longest series has {longest}; give "
                    "longer series, or let it look less far"
                )

    def go_on(self, slots: Slots, fed: Fed) -> tuple[list[dict[str, Any]], int]:
        """Let offline learners learn from more data; see `Model.update`."""
        if len(self.stages) > 1:
            raise GraphError(
                f"update cannot change {', '.join(self.learners)} one after the other: what was "
                "learned downstream would be stale; fit on all data"
            )
        (stage,) = self.stages
        moved = 0
        for i, series in enumerate(fed.series):
            place = slots if fed.own else self.builder.fresh(slots, slots, i)
            moved = self._live(stage, place, series, stage.learners)
            self._keep(slots, place, stage)
        reports = [{"node": name, **self._finish(slots[name], name)} for name in stage.learners]
        if fed.own:
            self._leave_teachers(slots)
        return reports, moved * fed.own

    def _again(self, learning: Sequence[str], slots: Slots, fed: Fed) -> list[str]:
        """Return which of those that have learned need another pass over the data."""
        wanted = []
        for name in learning:
            slots[name].memory, more = self._rule(name).after_pass(slots[name].memory)
            wanted += [name] * more
        if wanted and not fed.again:
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

    def _pass(self, stage: Stage, slots: Slots, fed: Fed, learning: Sequence[str]) -> int:
        """Go through all data once; return how many steps the last series had."""
        moved = 0
        if fed.own:
            slots.update(self.builder.restarted({name: slots[name] for name in stage.plan.reads}))
            moved = self._live(stage, slots, fed.series[0], learning)
        elif self._apart(stage, slots):
            self._pass_apart(stage, slots, fed.series)
        else:
            for i, series in enumerate(fed.series):
                place = self.builder.fresh(slots, slots, i)
                self._live(stage, place, series, learning)
                self._keep(slots, place, stage)
        return moved

    def _apart(self, stage: Stage, slots: Slots) -> bool:
        """Tell whether the learners of a stage can learn from series apart, to be merged."""
        rules = [(self._rule(name), slots[name].params) for name in stage.learners]
        return all(not rule.online and rule.merges(params) for rule, params in rules)

    def _pass_apart(self, stage: Stage, slots: Slots, series: Sequence[Series | Stream]) -> None:
        """Learn from groups of series apart and merge what they hold, in the order of series."""
        sizes = widths(slots)
        rows = group_rows(max(sizes[name] for name in stage.plan.reads))
        waiting = groups(series, rows)
        with mapping(self.workers) as over:
            while batch := list(islice(waiting, self.workers)):  # so that few memories wait
                for held in over(lambda group: self._group(stage, slots, group), batch):
                    self._merge(slots, held)

    def _merge(self, slots: Slots, memories: Mapping[str, Any]) -> None:
        for name, memory in memories.items():
            slot = slots[name]
            if slot.memory is not None:
                memory = self._rule(name).merge(slot.memory, memory)
            slot.memory = memory

    def _group(
        self, stage: Stage, slots: Slots, group: Sequence[tuple[int, Series | Stream]]
    ) -> dict[str, Any]:
        if side_by_side(self.engine, group):
            return self._abreast(stage, slots, group)
        memories: dict[str, Any] = dict.fromkeys(stage.learners)
        for i, series in group:
            place = self.builder.fresh(slots, slots, i)
            for name in stage.learners:
                place[name].memory = memories[name]
            self._live(stage, place, series, stage.learners)
            memories = {name: place[name].memory for name in stage.learners}
        return memories

    def _abreast(
        self, stage: Stage, slots: Slots, group: Sequence[tuple[int, Series | Stream]]
    ) -> dict[str, Any]:
        """Learn from a group of series that go through the graph side by side."""
        dtype = self.builder.dtype
        chunks = [one.whole(self.warmup, dtype) for _, one in group if isinstance(one, Series)]
        places = [self.builder.fresh(slots, slots, i) for i, _ in group]
        for name in stage.learners:
            places[0][name].memory = self._rule(name).begin(slots[name].params)
        work = Work(learn=frozenset(stage.learners), clock=self.clock, noise=True)
        if self.engine.execute_many is not None:
            self.engine.execute_many(stage.plan, places, chunks, work)
        self.progress.advance(sum(chunk.n_steps for chunk in chunks))
        return {name: places[-1][name].memory for name in stage.learners}

    def _live(
        self, stage: Stage, slots: Slots, series: Series | Stream, learning: Sequence[str]
    ) -> int:
        """Drive one series through the plan of a stage; return how many steps it had."""
        for name in learning:
            if slots[name].memory is None:
                slots[name].memory = self._rule(name).begin(slots[name].params)
        noisy = Work(learn=frozenset(learning), clock=self.clock, noise=True)
        return self._drive(stage.plan, slots, series, noisy)

    def _drive(self, plan: Plan, slots: Slots, series: Series | Stream, work: Work) -> int:
        watch, size = self.watch if work.learn else None, plan.chunk_rows(widths(slots))
        size = size if watch is None else watch.rows(size)
        chunks = series.chunks(size, self.warmup, self.builder.dtype)
        counted = _Counted(watched(chunks, self.progress))
        going = (
            self.engine.execute(plan, slots, counted, work)
            if watch is None
            else watch.execute(self.engine, plan, slots, counted, work)
        )
        for _ in going:
            pass
        return counted.n_steps

    def _keep(self, slots: Slots, place: Mapping[str, Slot], stage: Stage) -> None:
        for name in stage.learners:
            slots[name].params, slots[name].memory = place[name].params, place[name].memory

    def _finish(self, slot: Slot, name: str) -> dict[str, Any]:
        rule = self._rule(name)
        slot.params, facts = rule.conclude(slot.params, slot.memory)
        slot.fitted = True
        return {"rule": type(rule).__name__, **facts}

    def _forced(self) -> list[str]:
        """Return the learners whose delay lines hold their teacher at the end."""
        rules = self.plan.rules
        return [
            name
            for name in self.learners
            if self.forcing and rules[name].supervised and not rules[name].online
        ]

    def _unsettled(self, slots: Slots) -> list[str]:
        """Return the nodes that no stage has left at the end of the data as they will be."""
        final: set[str] = set(self._forced())
        for stage in self.stages:
            offline = {n for n in stage.learners if not self._rule(n).online}
            final |= set(stage.plan.reads) - offline
        return [name for name in slots if name not in final]

    def _settle(self, slots: Slots, fed: Fed) -> None:
        """Leave every node at the end of the data, as its final params have it."""
        left = self._unsettled(slots)
        if left:
            wiring = forced_wiring(self.plan, self.learners, self.forcing)
            wiring = {
                name: {port: g for port, g in ports.items() if port != "target"}
                for name, ports in wiring.items()
            }
            plan = self.plan.rewired(wiring, left)
            slots.update(self.builder.restarted({name: slots[name] for name in plan.reads}))
            self._drive(plan, slots, fed.series[0], Work(noise=True))
        self._leave_teachers(slots)

    def _leave_teachers(self, slots: Slots) -> None:
        for name in self._forced():
            taught = slots[name].taught
            if taught is not None:
                slots[name].past = taught


class _Counted:
    """Chunks on their way, with a count of their steps."""

    def __init__(self, chunks: Iterator[Chunk]):
        self.chunks, self.n_steps = chunks, 0

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self.chunks:
            self.n_steps += chunk.n_steps
            yield chunk
