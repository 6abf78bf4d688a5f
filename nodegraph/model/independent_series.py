"""Offline learning from independent series, each gathered by itself, wherever that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nodegraph.data.series import Series, Stream
from nodegraph.engines import LOCAL, Engine
from nodegraph.engines.batches import Group, batched, group_rows
from nodegraph.engines.checkpointer import Checkpointer, Cursor
from nodegraph.engines.first_use import merged
from nodegraph.engines.gathering import GatherTask, Keeper, Sums, gathered, leaves
from nodegraph.engines.merge_tree import Bough
from nodegraph.engines.request import Request
from nodegraph.engines.shelf import Shelf
from nodegraph.engines.slot import Slot, widths
from nodegraph.graph.protocols import Seamless, Weighed, begun_like
from nodegraph.graph.rule import Rule
from nodegraph.host.numerics import lent_threads
from nodegraph.host.progress import Progress
from nodegraph.model.kept_elsewhere import Shelved
from nodegraph.model.learning_pass import LearningPass, StageOutputs
from nodegraph.model.passes import Outputs
from nodegraph.model.stages import Stage
from nodegraph.model.storage import empty_memory
from nodegraph.model.sums_file import PackedSums, read_sums, write_sums

__all__ = ["IndependentSeries", "gatherers", "learn_independent"]

LARGE = 1 << 28  # bytes of sums that are not held once for each worker
VITALS = ""  # under this name sums have rows to judge nodes by; no node has it
KEPT = "/"  # under this one, outputs that are to be kept, as long as nobody took them

Slots = dict[str, Slot]


@dataclass(frozen=True)
class IndependentSeries:
    """Learners of one stage, and the slots that each series starts from.

    Parameters
    ----------
    course : LearningPass
    stage : Stage
    slots : dict of Slot
    shelved : Shelved, optional
        What is kept, and taken, by workers elsewhere.
    """

    course: LearningPass
    stage: Stage
    slots: Slots
    shelved: Shelved | None = None

    def at(self, engine: Engine, progress: Progress) -> IndependentSeries:
        """Return the same on another engine."""
        return replace(self, course=self.course.at(engine, progress))

    @property
    def names(self) -> tuple[str, ...]:
        """Under which sums hold something."""
        return (*self.stage.learners, VITALS)

    def gather(self, sums: Sums | None, group: Group, shelf: Shelf | None = None) -> Sums:
        """Return what learners gather from a group of series, on top of what they have."""
        if shelf is None or self.shelved is None:
            return self._gather(sums, group)
        known = self.shelved.known(shelf, group)
        stage = self.shelved.whole if known is None else self.shelved.stage
        who = replace(self, stage=stage)
        found = who._gather(sums, known or group)
        shelf.put(group, found.pop(KEPT))
        return found

    def _gather(self, sums: Sums | None, group: Group) -> Sums:
        memories = sums or self._begun()
        found: list[Outputs] = memories.get(KEPT, [])
        vitals = memories[VITALS]
        own = replace(self.course, hooks=self.course.hooks._replace(vitals=vitals))
        gather = self._abreast if batched(own.engine, group) else self._one_by_one
        return {**gather(own, memories, group, found), VITALS: vitals, KEPT: found}

    def _begun(self) -> Sums:
        """Return what is gathered of no series, in this pass."""
        rules, slots = self.stage.plan.rules, self.slots
        memories = {
            name: begun_like(rules[name], slots[name].params, slots[name].memory)
            for name in self.stage.learners
        }
        return {**memories, VITALS: self.course.hooks.elsewhere().vitals}

    def _one_by_one(
        self, own: LearningPass, memories: Sums, group: Group, found: list[Outputs]
    ) -> Sums:
        for i, series in group:
            place = self._fresh(i)
            self._hand(place, memories)
            own.live(self.stage, place, series, found.append)
            memories = self._of(place)
        return memories

    def _abreast(
        self, own: LearningPass, memories: Sums, group: Group, found: list[Outputs]
    ) -> Sums:
        """Learn from a group of series that go through the graph side by side."""

        def fresh(number: int) -> Slots:
            place = self._fresh(number)
            if number == group[0][0]:
                self._hand(place, memories)
            return place

        learn, vitals = frozenset(self.stage.learners), own.hooks.vitals
        request = Request(self.stage.record, learn, own.clock, True, vitals=vitals)
        outputs, last = own.many(self.stage.plan, fresh, group, request)
        found += outputs
        return self._of(last)

    def _fresh(self, number: int) -> Slots:
        return self.course.initializer.fresh(self.slots, self.slots, number)

    def _hand(self, place: Slots, memories: Sums) -> None:
        for name in self.stage.learners:
            place[name].memory = memories[name]

    def _of(self, place: Mapping[str, Slot]) -> Sums:
        return {name: place[name].memory for name in self.stage.learners}

    def merge(self, name: str, one: Any, other: Any) -> Any:
        """Return what two sums hold together under a name."""
        if name != VITALS:
            return merged(name, self.stage.plan.rules[name], one, other)
        if one is not None:
            one.join(other)
        return one

    def write(self, path: Path, sums: Sums) -> None:
        """Write sums to a file."""
        write_sums(path, self.plain(sums))

    def plain(self, sums: Sums | PackedSums) -> Sums:
        """Return of sums what is kept of them; some come from a checkpoint as they are."""
        rules, held = self.stage.plan.rules, sums if isinstance(sums, dict) else self.read(sums)
        return {n: _seamless(rules[n], held[n]) for n in self.stage.learners}

    def read(self, kept: Path | PackedSums) -> Sums:
        """Return sums that were kept."""
        packed = read_sums(kept) if isinstance(kept, Path) else kept

        def template(name: str, each: Any) -> Any:
            return empty_memory(self.stage.plan.rules[name], self.slots[name].params, each)

        return {**packed.unpacked(template), VITALS: self.course.hooks.elsewhere().vitals}


def _seamless(rule: Rule, memory: Any) -> Any:
    return rule.seamless(memory) if isinstance(rule, Seamless) else memory


class _Kept(Keeper):
    """Keeps outputs, and in the checkpoints of a course what was gathered.

    Parameters
    ----------
    checkpointer : Checkpointer, optional
    at : Cursor
        Where the pass began.
    slots : dict of Slot
    learning : IndependentSeries
    kept : StageOutputs
    """

    def __init__(
        self,
        checkpointer: Checkpointer | None,
        at: Cursor,
        slots: Slots,
        learning: IndependentSeries,
        kept: StageOutputs,
    ):
        super().__init__(() if checkpointer is None else checkpointer.kept())
        self._checkpointer, self._at, self._slots = checkpointer, at, slots
        self._learning, self._kept = learning, kept

    @property
    def place(self) -> Path | None:
        """The folder for files of sums."""
        return None if self._checkpointer is None else self._checkpointer.folder

    @property
    def due(self) -> bool:
        """Whether a checkpoint is due."""
        return self._checkpointer is not None and self._checkpointer.due

    def take(self, sums: Sums) -> Sums:
        """Return sums without the outputs that come with them, which are kept."""
        for outputs in sums.pop(KEPT, ()):
            self._kept.take(outputs)
        return sums

    def hear(self, boughs: Sequence[Bough], groups: int) -> None:
        """Take note of boughs; what is not a file yet goes into the checkpoint itself."""
        if self._checkpointer is None:
            return
        at = replace(self._at, series=groups)
        plain = [
            one
            if isinstance(one.value, Path)
            else one._replace(value=self._learning.plain(one.value))
            for one in boughs
        ]
        self._checkpointer.mark(at, self._slots, plain)
        self._checkpointer.moved_on(0)
        if any(one.groups for one in plain):  # its arrays change from here on
            done = [one for one in plain if not one.groups]
            self._checkpointer.mark(at, self._slots, done)


def gatherers(course: LearningPass, stage: Stage, slots: Mapping[str, Slot]) -> int | None:
    """Return how many workers gather sums of their own.

    In this process one is enough where sums are large: threads then share the columns of that one,
    in the room of one, to the same bits.
    """
    sizes, itemsize = widths(slots), course.initializer.dtype.itemsize

    def room(name: str) -> int:
        rule, n_in = stage.plan.rules[name], slots[name].ports.get("x", 0)
        return rule.room(n_in, sizes[name], n_in, itemsize).sums if isinstance(rule, Weighed) else 0

    here = course.engine.map is None and course.engine.gather is None
    return 1 if here and max(map(room, stage.learners)) > LARGE else course.workers


def learn_independent(
    course: LearningPass,
    stage: Stage,
    slots: Slots,
    series: Sequence[Series | Stream],
    at: Cursor,
    kept: StageOutputs,
) -> None:
    """Let the learners of a stage gather from all series; `slots` hold it then."""
    sizes = widths(slots)
    data = leaves(series, group_rows(max(sizes[name] for name in stage.whole if name in sizes)))
    count = sum(map(len, data))
    alone = replace(course, engine=LOCAL, hooks=course.hooks.elsewhere())
    hooks, shelved = course.hooks, kept.shelved
    learning = IndependentSeries(alone, stage, dict(slots), shelved)
    keeper = _Kept(hooks.checkpointer, at, slots, learning, kept)
    if at.series == count and not keeper.boughs:
        return
    task = GatherTask(learning, (), f"{', '.join(stage.learners)} learned from", shelved)
    workers = gatherers(course, stage, slots)
    with lent_threads(course.workers):
        found = gathered(course.engine, task, data, workers, hooks.bar, keeper)
        for name in stage.learners:
            rule, before = stage.plan.rules[name], slots[name].memory
            slots[name].memory = merged(name, rule, before, found.pop(name))
    if hooks.vitals is not None:
        hooks.vitals.join(found[VITALS])
    hooks.reached(replace(at, series=count), slots)
