"""The replay law: what a node does follows from what it received, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.data.series import Chunk
from nodegraph.engines import local
from nodegraph.engines.compiled.courses import Course, Learned
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.compiled.traced_updates import course
from nodegraph.engines.prepared import Prepared
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.plan import Plan
from nodegraph.model import Model
from nodegraph.testing.comparing import require, same_trees
from nodegraph.testing.driving import run_node, teach

__all__ = ["Recorder", "check_replay"]


@dataclass
class _Tape:
    """All that one node received, and what it was at both ends."""

    params: Any
    state: Any
    memory: Any = None
    lessons: list[Lesson] = field(default_factory=list)
    ys: list[Array] = field(default_factory=list)
    learns: bool = False
    end: Any = None


class Recorder:
    """An engine that does what `local` does and writes down what every node receives."""

    def __init__(self) -> None:
        self.tapes: dict[str, _Tape] = {}

    def execute(
        self, plan: Plan, slots: dict[str, Slot], chunks: Iterable[Chunk], request: Request
    ) -> Iterator[dict[str, Array]]:
        """Execute `plan` and record it."""
        for name in plan.reads:
            self._listen(name, plan, slots[name], name in request.learn)
        yield from local.execute(plan, slots, chunks, request)
        for name in plan.reads:
            slot = slots[name]
            slot.kept.last = slot.kept.course = None
            self.tapes[name].end = copy_tree((slot.params, slot.state, slot.memory))

    def _listen(self, name: str, plan: Plan, slot: Slot, learns: bool) -> None:
        """Put something that writes down what it is given between a node and the engine."""
        params, state, memory = copy_tree((slot.params, slot.state, slot.memory))
        tape = self.tapes[name] = _Tape(params, state, memory, learns=learns)
        node = plan.nodes[name]
        if learns:
            slot.kept.course = _Written(tape, course(plan.rules[name], node))
        else:
            slot.kept.last = slot.params, _Heard(tape, prepared(node, slot.params))


class _Heard(Prepared):
    """A prepared node that writes down each run."""

    def __init__(self, tape: _Tape, ready: Prepared):
        super().__init__(ready.node, ready.params)
        self._tape, self._ready = tape, ready

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Run, and write it down."""
        state, ys = self._ready.run(state, xs, **ports)
        inputs = {"x": xs.copy(), **{port: rows.copy() for port, rows in ports.items()}}
        self._tape.lessons.append(Lesson(inputs, None, np.zeros(len(xs), bool)))
        self._tape.ys.append(ys.copy())
        return state, ys


class _Written(Course):
    """A course of learning that writes down what it is taught."""

    def __init__(self, tape: _Tape, own: Course):
        super().__init__(own.rule, own.node)
        self._tape, self._own = tape, own

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Learn, and write it down."""
        kept = Lesson(
            {port: rows.copy() for port, rows in lesson.inputs.items()},
            None if lesson.target is None else lesson.target.copy(),
            lesson.rows.copy(),
            lesson.number,
        )
        learned = self._own.learn(params, state, memory, lesson)
        self._tape.lessons.append(kept)
        self._tape.ys.append(learned.ys.copy())
        return learned


def check_replay(model: Model, tapes: dict[str, _Tape]) -> None:
    """Fail unless each node, run alone on its tape in one piece, does what it did in the graph.

    Raises
    ------
    AssertionError
        If outputs, state or params differ in a single bit.
    """
    for name, tape in tapes.items():
        if not tape.lessons:
            continue
        node, lesson = model.plan.nodes[name], _joined(tape.lessons)
        params, memory = copy_tree(tape.params), copy_tree(tape.memory)
        if tape.learns:
            rule = model.plan.rules[name]
            after = teach(rule, node, params, tape.state, memory, lesson)
            ys, end = after.ys, (after.params, after.state, after.memory)
        else:
            inputs = dict(lesson.inputs)
            state, ys = run_node(node, params, tape.state, inputs.pop("x"), **inputs)
            end = (params, state, memory)
        same_trees(ys, np.concatenate(tape.ys), f"{name} alone gives other outputs")
        same_trees(end, tape.end, f"{name} alone ends elsewhere")
        require(len(ys), f"{name} was never run")


def _joined(lessons: list[Lesson]) -> Lesson:
    ports = {p: np.concatenate([le.inputs[p] for le in lessons]) for p in lessons[0].inputs}
    targets = [lesson.target for lesson in lessons if lesson.target is not None]
    rows = np.concatenate([lesson.rows for lesson in lessons])
    return Lesson(ports, np.concatenate(targets) if targets else None, rows)
