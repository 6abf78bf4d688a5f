"""Lessons of many series taken as one, by a rule to which all rows are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.engines.bound_node import BoundNode
from nodegraph.engines.in_a_row import gathers_rows
from nodegraph.engines.local import Sweep
from nodegraph.errors import named
from nodegraph.graph.lesson import Lesson

__all__ = ["is_joinable", "learn_joined"]

NUMBERS = 1 << 20  # of inputs that are taken at a time: few enough to stay near


def is_joinable(name: str, sweep: Sweep) -> bool:
    """Tell whether a node does nothing but gather rows, whatever series they come from."""
    slot, learn = sweep.slots[name], sweep.context.request.learn
    if name not in learn or not slot.kept.learned:
        return False
    return gathers_rows(name, sweep.plan, slot)


def learn_joined(name: str, sweeps: Sequence[Sweep]) -> None:
    """Let a node learn from series that follow each other as if they were one.

    The rule finds the same rows in the same order, so it leaves the same bits. The last of the
    series has then what was learned, as if it had come last.
    """
    bound_nodes = [sweep.bound_node(name) for sweep in sweeps]
    first, last = bound_nodes[0].slot, bound_nodes[-1].slot
    course = first.course(sweeps[0].plan.rules[name], bound_nodes[0].node)
    params, state, memory, first.memory = first.params, first.state, first.memory, None
    with named(name):
        for lesson in _joined(bound_nodes):
            params, _, memory, _ = course.learn(params, state, memory, lesson)
    last.params, last.memory = params, memory
    n_out, dtype = last.past.shape[1], last.past.dtype
    for sweep in sweeps:
        sweep.receive(name, np.zeros((sweep.chunk.n_steps, n_out), dtype))


def _joined(bound_nodes: Sequence[BoundNode]) -> Iterator[Lesson]:
    """Yield lessons of neighbours as one, so many that their inputs are still near."""
    waiting: list[Lesson] = []
    for one in bound_nodes:
        waiting.append(_lesson(one))
        if sum(lesson.inputs["x"].size for lesson in waiting) >= NUMBERS:
            yield _one_of(waiting)
            waiting = []
    if waiting:
        yield _one_of(waiting)


def _lesson(one: BoundNode) -> Lesson:
    steps = np.arange(one.context.chunk.n_steps)
    inputs = one.inputs(0, len(steps))
    target = one.target(inputs.pop("target", None), steps)
    return Lesson(inputs, target, one.lessons(target, steps))


def _one_of(lessons: Sequence[Lesson]) -> Lesson:
    def joined(parts: Sequence[Array]) -> Array:
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    inputs = {port: joined([one.inputs[port] for one in lessons]) for port in lessons[0].inputs}
    targets: list[Any] = [one.target for one in lessons]
    target = None if all(one is None for one in targets) else joined(targets)
    return Lesson(inputs, target, joined([one.rows for one in lessons]))
