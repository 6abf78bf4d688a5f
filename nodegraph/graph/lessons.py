"""What a rule sees, and what it is taught with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nodegraph.arrays import Array

__all__ = ["Lesson", "Seen", "block_of"]


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


def block_of(lesson: Lesson, ys: Array) -> Seen:
    """Return the rows to learn from, without a copy when it is all of them."""

    def pick(rows: Array) -> Array:
        return rows if lesson.rows.all() else rows[lesson.rows]

    ports = {port: pick(rows) for port, rows in lesson.inputs.items()}
    target = None if lesson.target is None else pick(lesson.target)
    return Seen(ports.pop("x"), pick(ys), None, target, ports, lesson.number)
