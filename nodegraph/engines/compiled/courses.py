"""How a rule teaches a node, chunk by chunk: rows gathered, or one update after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, read_only, tree_map
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.each_step import moved, stacked, taught
from nodegraph.engines.prepared import Prepared, StepCode
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.protocols import Gathers, LooksBack, Silent
from nodegraph.graph.rule import Seen, block_of

__all__ = ["Course", "Gathering", "Learned", "learn_by_step"]


class Learned(NamedTuple):
    """What there is after a chunk that was learned from."""

    params: Any
    state: Any
    memory: Any
    ys: Array  # (n_steps, n_out): each row as it was before the update that it led to


class Course(ABC):
    """A rule that teaches a node, chunk by chunk: what engines learn by.

    Parameters
    ----------
    rule : Rule
    node : Node
    """

    def __init__(self, rule: Any, node: Any):
        self.rule, self.node = rule, node

    @abstractmethod
    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Let the node live through a chunk and learn from ``lesson.rows`` of it.

        The arrays of `params` and `memory` are the learner's own: they may be changed in place.
        """

    def step_code(
        self,
        params: Any,
        state: Any,
        memory: Any,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ) -> StepCode | None:
        """Return one step of `learn` as compiled code for loops, or None if there is none.

        It changes the arrays of `params` and `memory` in place, and leaves the same bits as
        `learn`. Its ``io`` has the address of the target at the end: NaN where nothing is to be
        learned.
        """
        return None

    def fits(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> bool:
        """Tell whether it is known that each step and each update returns what it should."""
        return False


class Gathering(Course):
    """An offline rule: the node runs with params that stay as they are, the rule gathers."""

    _ready: Prepared | None = None

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Return what there is after a chunk."""
        ys = None
        if isinstance(self.node, Silent):  # else half the work of a readout of many outputs
            ys = self.node.silence(params, len(lesson.rows))
        if ys is None:
            state, ys = self._run(params, state, lesson.inputs)
        if lesson.rows.any() or (isinstance(self.rule, LooksBack) and self.rule.looks_back):
            if isinstance(self.rule, Gathers):
                params, memory = self.rule.gather(params, memory, lesson, ys)
            else:
                shown = read_only(params)  # they are laid out for the rows to come
                found, memory = self.rule.update(shown, memory, block_of(lesson, ys))
                params = params if found is shown else found
        return Learned(params, state, memory, ys)

    def _run(self, params: Any, state: Any, inputs: Mapping[str, Array]) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after a chunk."""
        ready = self._ready
        if ready is None or ready.params is not params:
            ready = self._ready = prepared(self.node, params)
        ports = {p: rows for p, rows in inputs.items() if p not in self.rule.ports}
        return ready.run(state, ports.pop("x"), **ports)


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
        before, (state, y) = state, moved(step(params, state, x, **heard), node, state)
        ys.append(y)
        if learning:
            target = None if lesson.target is None else lesson.target[t]
            seen = Seen(x, y, state, target, inputs, lesson.number, before)
            params, memory = taught(rule.update(params, memory, seen), rule, (params, memory))
            params = tree_map(lambda leaf: leaf, params)  # laid out anew, were it written in place
    return Learned(params, state, memory, stacked(ys, node))
