"""What a rule sees, what it is taught with, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array

__all__ = ["Course", "Gathering", "Learned", "Lesson", "Seen", "block_of", "learn_by_step"]


class Seen(NamedTuple):
    """All that a local rule may look at: there is no other door to the graph.

    An online rule sees one step, an offline rule a block of steps: each array then has a first
    axis n_steps, and `state` and `before` are None.
    """

    x: Any  # (n_in,) what came in
    y: Any  # (n_out,) what the node gave out
    state: Any = None  # the node's state after the step
    target: Any = None  # (n_out,) what was wanted; None if unsupervised
    ports: Mapping[str, Any] = {}  # what came in elsewhere: feedback, key, reward ...
    number: int | None = None  # of the independent series that this is of, if the rule deals them
    before: Any = None  # the node's state before the step


class Lesson(NamedTuple):
    """A chunk of time in the life of one learning node."""

    inputs: dict[str, Array]  # by port, (n_steps, n); "noise" among them if it is on
    target: Array | None  # (n_steps, n_out)
    rows: Array  # (n_steps,) bool: the steps to learn from
    number: int | None = None  # of the independent series that this is of, if the rule deals them


class Learned(NamedTuple):
    """What `Rule.learn` leaves behind."""

    params: Any
    state: Any
    memory: Any
    ys: Array  # (n_steps, n_out): each row as it was before the update that it led to


class Course:
    """A rule that teaches a node, chunk by chunk: what engines learn by.

    Parameters
    ----------
    rule : Rule
    node : Node
    """

    def __init__(self, rule: Any, node: Any):
        self.rule, self.node = rule, node

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Return what `Rule.learn` does."""
        return self.rule.learn(self.node, params, state, memory, lesson)  # type: ignore[no-any-return]

    def fits(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> bool:
        """Tell whether it is known that each step and each update returns what it should."""
        return False


class Gathering(Course):
    """An offline rule: the node runs with params that stay as they are, the rule gathers."""

    _ready: Any = None

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Return what `Rule.learn` does."""
        ready = self._ready
        if ready is None or ready.params is not params:
            ready = self._ready = self.node.prepared(params)
        ports = {p: rows for p, rows in lesson.inputs.items() if p not in self.rule.ports}
        state, ys = ready.run(state, ports.pop("x"), **ports)
        if lesson.rows.any():
            params, memory = self.rule.gather(params, memory, lesson, ys)
        return Learned(params, state, memory, ys)


def block_of(lesson: Lesson, ys: Array) -> Seen:
    """Return the rows to learn from, without a copy when it is all of them."""

    def pick(rows: Array) -> Array:
        return rows if lesson.rows.all() else rows[lesson.rows]

    ports = {port: pick(rows) for port, rows in lesson.inputs.items()}
    target = None if lesson.target is None else pick(lesson.target)
    return Seen(ports.pop("x"), pick(ys), None, target, ports, lesson.number)


def learn_by_step(
    rule: Any,
    node: Any,
    params: Any,
    state: Any,
    memory: Any,
    lesson: Lesson,
    step: Callable[..., tuple[Any, Array]] | None = None,
) -> Learned:
    """Return what an online rule learns, with `step` and `update` called for each row in Python.

    Parameters
    ----------
    step : callable, optional
        In place of the node's own.
    """
    ys, own, step = [], rule.ports, step or node.step
    for t, learning in enumerate(lesson.rows):
        inputs = {port: rows[t] for port, rows in lesson.inputs.items()}
        x = inputs.pop("x")
        heard = {port: row for port, row in inputs.items() if port not in own}
        before, (state, y) = state, step(params, state, x, **heard)
        ys.append(y)
        if learning:
            target = None if lesson.target is None else lesson.target[t]
            seen = Seen(x, y, state, target, inputs, lesson.number, before)
            params, memory = rule.update(params, memory, seen)
    return Learned(params, state, memory, np.stack(ys))
