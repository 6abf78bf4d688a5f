"""A rule that learns compiled, from its `update` and the `step` of its node as one program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.cache_lines import copy_at_line
from nodegraph.compiling.layout import mapped
from nodegraph.compiling.program import Frame, Program
from nodegraph.compiling.sparse import slots_of
from nodegraph.engines.compiled.courses import Course, Gathering, Learned, learn_by_step
from nodegraph.engines.compiled.traced_steps import Traced, fitting_rows, moving_tree, node_state
from nodegraph.engines.compiled.tracing import Teaching, Writer, program_of
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.engines.prepared import StepCode
from nodegraph.errors import ContractError
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.protocols import Blockwise

__all__ = ["TracedCourse", "course"]


def course(rule: Any, node: Any) -> Course:
    """Return what engines let `rule` teach `node` by, chunk after chunk."""
    return TracedCourse(rule, node) if rule.online else Gathering(rule, node)


class TracedCourse(Course):
    """An online rule and its node; what learns stays laid out from chunk to chunk.

    Parameters
    ----------
    rule : Rule
    node : Node
    """

    _laid: _Laid | None = None

    def learn(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
        """Return what there is after a chunk."""
        program, rows = self._program(params, state, memory, lesson), dict(lesson.inputs)
        if isinstance(program, Untraced):
            learned = learn_by_step(
                self.rule, self.node, params, state, memory, lesson, self._step_of(params)
            )
            program.tell()
            return learned
        if lesson.target is not None:
            rows["target"] = lesson.target
            _check_target(lesson.target, program)
        laid = self._laid
        if laid is None or not laid.goes_on(program, params, memory):
            laid = self._laid = _Laid(program, params, state, memory)
        state, ys = laid.live(state, fitting_rows(rows, rows["x"].dtype), lesson.rows)
        return Learned(laid.params, state, laid.memory, ys)

    def fits(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> bool:
        """Tell whether it is known that each step and each update returns what it should."""
        try:
            program = self._program(params, state, memory, lesson)
        except ContractError:
            return False  # the plain update is asked what is wrong
        if isinstance(program, Untraced):
            return False
        return lesson.target is None or lesson.target.shape[1] == program.n_out

    def step_code(
        self,
        params: Any,
        state: Any,
        memory: Any,
        dtype: np.dtype[Any],
        widths: Mapping[str, int],
    ) -> StepCode | None:
        """Return one step and lesson as compiled code, or None if there is none."""
        if self.rule.sees_gaps:
            return None  # loops pass over steps whose target is NaN
        teaching = Teaching(self.rule, memory, self.rule.supervised)
        program = program_of(Writer(self.node, params, state, widths, dtype, teaching))
        if isinstance(program, Untraced):
            return None
        laid = _Laid(program, params, state, memory)
        if not all(isinstance(one.given, np.ndarray) for one in laid.apart):
            return None  # a number cannot be changed in place
        laid.frame.put(state)
        moving = moving_tree(laid.frame, state), tuple(one.kept for one in laid.apart)
        unpack = _Unpack(laid, state)
        return StepCode(
            program.function.cell, laid.frame.args, moving, unpack, program.n_out,
            expect=program.expect,
        )  # fmt: skip

    def _program(self, params: Any, state: Any, memory: Any, lesson: Lesson) -> Program | Untraced:
        """Return the program of a step and an update for such rows, or why there is none."""
        widths = {port: array.shape[1] for port, array in lesson.inputs.items()}
        teaching = Teaching(self.rule, memory, lesson.target is not None)
        dtype = lesson.inputs["x"].dtype
        return program_of(Writer(self.node, params, state, widths, dtype, teaching))

    def _step_of(self, params: Any) -> Any:
        """Return the node's step as it runs elsewhere: compiled, if that is how it runs."""
        if isinstance(self.node, Blockwise):
            return None
        ready = Traced(self.node, params)

        def step(params: Any, state: Any, x: Array, **ports: Array) -> tuple[Any, Array]:
            nonlocal ready
            ready = ready.with_params(params)
            rows = {port: row[None] for port, row in ports.items()}
            state, ys = ready.run(state, x[None], **rows)
            return state, ys[0]

        return step


def _check_target(target: Array, program: Program) -> None:
    if target.shape[1] != program.n_out:
        raise ContractError(f"target has {target.shape[1]} columns, the node {program.n_out}")


class _Apart(NamedTuple):
    """An array that was given, the one that changes, and how that one looks as the first."""

    given: Any
    kept: Array
    as_given: Callable[[Array], Array]


class _Laid:
    """Arrays that learn, laid out for a program, as long as the same ones are given again."""

    def __init__(self, program: Program, params: Any, state: Any, memory: Any):
        self.program = program
        arrays = {**program.lay(params, ("p",)), **program.lay(memory, ("m",))}
        self.apart: list[_Apart] = []
        self.sparse: list[tuple[Array, Array, Array]] = []  # data, what changes, the place of each

        def one(where: Any, array: Any) -> Any:
            if (*where, "data") in self._moving:
                return self._sparse(array, arrays[*where, "data"])
            if where not in self._moving:
                return array
            kept = arrays[where]
            if not np.may_share_memory(kept, array):
                self._set_apart(where, array, kept)
            elif not array.flags.writeable or self._is_shared(where, arrays):
                kept = arrays[where] = copy_at_line(kept)
                self._set_apart(where, array, kept)
            return program.seen(where, kept, array.dtype)

        self._moving = set(program.moving)
        self.params = mapped(params, ("p",), one)
        self.memory = mapped(memory, ("m",), one)
        self.flag = arrays["learn",] = np.ones((), np.uint8)
        own = {path: copy_at_line(a) for path, a in program.lay(state, ("s",)).items()}
        self.frame = Frame(program, {**arrays, **own}, state)

    def _set_apart(self, where: Any, given: Any, kept: Array) -> None:
        as_given = partial(self.program.seen, where, dtype=np.asarray(given).dtype)
        self.apart.append(_Apart(given, kept, as_given))

    def _sparse(self, W: Any, kept: Array) -> Any:
        """Return sparse weights of the same pattern that follow `kept`, chunk by chunk."""
        made = type(W)((W.data.copy(), W.indices, W.indptr), shape=W.shape)
        at = slots_of(W)
        self.apart.append(_Apart(W.data, kept, itemgetter(at)))
        self.sparse.append((made.data, kept, at))
        return made

    def _is_shared(self, where: Any, arrays: Mapping[Any, Array]) -> bool:
        """Tell whether an array that will change is also another one."""
        mine = arrays[where]
        return any(p != where and np.may_share_memory(mine, a) for p, a in arrays.items())

    def goes_on(self, program: Program, params: Any, memory: Any) -> bool:
        """Tell whether these are the arrays that were last given out."""
        return program is self.program and params is self.params and memory is self.memory

    def live(self, state: Any, rows: dict[str, Array], learning: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after a chunk; what learns has changed in place."""
        n = len(rows["x"])
        rows["y"] = ys = np.empty((n, self.program.n_out), rows["x"].dtype)
        self.frame.put(state)
        for data, kept, at in self.sparse:
            kept[at] = data  # loops may have changed it since
        for start, stop in _stretches(learning):
            self.flag[...] = learning[start]
            part = rows if stop - start == n else {p: r[start:stop] for p, r in rows.items()}
            self.frame.run(part, stop - start)
        for data, kept, at in self.sparse:
            data[...] = kept[at]
        return self.frame.take(state), ys


class _Unpack:
    """Turns the arrays that a compiled lesson changed back into those that were given."""

    def __init__(self, laid: _Laid, state: Any):
        self._laid, self._state = laid, state

    def __call__(self, moving: Any) -> Any:
        of_state, apart = moving
        for (given, _, as_given), kept in zip(self._laid.apart, apart, strict=True):
            given[...] = as_given(kept)
        return node_state(self._laid.program, of_state, self._state)


def _stretches(rows: Array) -> list[tuple[int, int]]:
    """Return the bounds of stretches in which all rows are learned from, or none."""
    if not len(rows):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(rows)) + 1).tolist(), len(rows)]
    return list(pairwise(cuts))
