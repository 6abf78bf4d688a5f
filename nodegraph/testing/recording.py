"""The replay law: what a node does follows from what it received, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.data.series import Chunk
from nodegraph.engines import local
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.graph.lessons import Course
from nodegraph.graph.node import Node, Prepared
from nodegraph.graph.plan import Plan
from nodegraph.graph.rule import Learned, Lesson, Rule
from nodegraph.model import Model
from nodegraph.testing.comparing import require, same_trees

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
        nodes: dict[str, Any] = {
            name: _Listening(self, name, plan.nodes[name]) for name in plan.reads
        }
        listening = replace(plan, nodes={**plan.nodes, **nodes})
        rules = {n: _Overheard(self, n, rule) for n, rule in plan.rules.items() if n in nodes}
        listening.__dict__["rules"] = {**plan.rules, **rules}
        for name in plan.reads:
            slot = slots[name]
            self.tapes[name] = _Tape(
                copy_tree(slot.params),
                copy_tree(slot.state),
                copy_tree(slot.memory),
                learns=name in request.learn,
            )
        yield from local.execute(listening, slots, chunks, request)
        for name in plan.reads:
            slot = slots[name]
            self.tapes[name].end = copy_tree((slot.params, slot.state, slot.memory))


class _Listening:
    """A node that writes down what it receives while it runs."""

    def __init__(self, recorder: Recorder, name: str, node: Node):
        self._recorder, self._name, self._node = recorder, name, node

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._node, attribute)

    def prepared(self, params: Any) -> Prepared:
        return _Heard(self, self._recorder.tapes[self._name], self._node.prepared(params))

    def step_code(self, *_: Any) -> None:
        return None


class _Heard(Prepared):
    """A prepared node that writes down each run."""

    def __init__(self, node: Any, tape: _Tape, prepared: Prepared):
        super().__init__(node, prepared.params)
        self._tape, self._prepared = tape, prepared

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        state, ys = self._prepared.run(state, xs, **ports)
        tape = self._tape
        inputs = {"x": xs.copy(), **{port: rows.copy() for port, rows in ports.items()}}
        tape.lessons.append(Lesson(inputs, None, np.zeros(len(xs), bool)))
        tape.ys.append(ys.copy())
        return state, ys

    def step_code(self, *_: Any) -> None:
        return None


class _Overheard:
    """A rule that writes down what it is shown."""

    def __init__(self, recorder: Recorder, name: str, rule: Rule):
        self._recorder, self._name, self._rule = recorder, name, rule

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._rule, attribute)

    def step_code(self, *_: Any) -> None:
        return None

    def course(self, node: Any) -> Course:
        """Return a course that writes down each lesson."""
        tape = self._recorder.tapes[self._name]
        return _Written(self, node, tape, self._rule.course(node._node))


class _Written(Course):
    """A course of learning that writes down what it is taught."""

    def __init__(self, rule: Any, node: Any, tape: _Tape, course: Course):
        super().__init__(rule, node)
        self._tape, self._course = tape, course

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Learn, and write it down."""
        kept = Lesson(
            {port: rows.copy() for port, rows in lesson.inputs.items()},
            None if lesson.target is None else lesson.target.copy(),
            lesson.rows.copy(),
            lesson.number,
        )
        learned = self._course.learn(params, state, memory, lesson)
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
            after = rule.learn(node, params, tape.state, memory, lesson)
            ys, end = after.ys, (after.params, after.state, after.memory)
        else:
            inputs = dict(lesson.inputs)
            state, ys = node.run(params, tape.state, inputs.pop("x"), **inputs)
            end = (params, state, memory)
        same_trees(ys, np.concatenate(tape.ys), f"{name} alone gives other outputs")
        same_trees(end, tape.end, f"{name} alone ends elsewhere")
        require(len(ys), f"{name} was never run")


def _joined(lessons: list[Lesson]) -> Lesson:
    ports = {p: np.concatenate([le.inputs[p] for le in lessons]) for p in lessons[0].inputs}
    targets = [lesson.target for lesson in lessons if lesson.target is not None]
    rows = np.concatenate([lesson.rows for lesson in lessons])
    return Lesson(ports, np.concatenate(targets) if targets else None, rows)
