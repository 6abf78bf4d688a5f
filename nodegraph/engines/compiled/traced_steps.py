"""A node that runs compiled from its `step`: sweeps, many series side by side, steps for loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from nodegraph.arrays import Array, leaves
from nodegraph.compiling.batching import BatchFrame, batched
from nodegraph.compiling.cache_lines import copy_at_line
from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.layout import is_array, mapped, signature
from nodegraph.compiling.program import Frame, Program
from nodegraph.engines.compiled.alike import programs_of_alike
from nodegraph.engines.compiled.tracing import Writer, places, program_of
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.engines.prepared import (
    Blocks,
    FromEnd,
    LanesCode,
    Prepared,
    StepCode,
    fold,
    one_by_one,
)
from nodegraph.errors import ContractError, DataError
from nodegraph.graph.protocols import Blockwise
from nodegraph.graph.rows_at_once import AtOnce, Sweeps
from nodegraph.host.numerics import numerics

__all__ = ["Traced", "fitting_rows", "moving_tree", "node_state", "prepared"]

FEW = 16  # rows from which on those that make many at once are faster
LANES = 16  # series side by side: with more of them sums run out of registers
FEWEST = 6  # series from which on lanes are faster than one after the other


def prepared(node: Any, params: Any) -> Prepared:
    """Return `node` with these params, ready to run again and again."""
    ready = Blocks(node, params) if isinstance(node, Blockwise) else Traced(node, params)
    return FromEnd(ready) if node.from_end else ready


class Traced(Prepared):
    """A node with its params laid out for its programs.

    Parameters
    ----------
    node : Node
    params
    """

    def __init__(self, node: Any, params: Any):
        super().__init__(node, params)
        self._bound: dict[Any, _Bound] = {}
        self._many: dict[Any, _Lanes | None] = {}
        self._last: tuple[Any, Any, _Bound] | None = None  # the state that it left, and for what
        self._at_once: dict[str, Any] = {}  # by numeric mode: what makes many rows at once

    def with_params(self, params: Any) -> Traced:
        """Return this, or the same for other params."""
        return self if params is self.params else Traced(self.node, params)

    def run(self, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after ``len(xs)`` steps."""
        if len(xs) >= FEW and (laid := self._laid_out()) is not None:
            if isinstance(self.node, Sweeps):
                found: tuple[Any, Array] = self.node.sweep(laid, state, np.asarray(xs), self._core)
                return found
            return state, self.node.at_once(laid, np.asarray(xs))
        rows = {"x": np.asarray(xs), **ports}
        dtype, widths = rows["x"].dtype, {port: array.shape[1] for port, array in rows.items()}
        last = self._last
        if last is not None and last[0] is state and last[1] == (dtype, widths):
            bound: _Bound | Untraced = last[2]
        else:
            bound = self._bind(state, dtype, widths)
        if isinstance(bound, Untraced):
            found = fold(self.node, self.params, state, xs, ports)
            bound.tell()
            return found
        state, ys = bound.run(state, fitting_rows(rows, dtype))
        self._last = state, (dtype, widths), bound
        return state, ys

    @cached_property
    def _core(self) -> Callable[[Any, Array], tuple[Any, Array]]:
        """What runs the part of a node that goes row by row."""
        return Traced(self.node.core, ()).run

    def _laid_out(self) -> Any:
        """Return the params as the node makes many rows at once with, or None."""
        if not isinstance(self.node, AtOnce | Sweeps):
            return None
        if (mode := numerics()) not in self._at_once:
            self._at_once[mode] = self.node.lay_out(self.params)
        return self._at_once[mode]

    def run_many(
        self, states: Sequence[Any], xs: Sequence[Array], **ports: Sequence[Array]
    ) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)`` of many independent series."""
        lengths = np.array([*map(len, xs)])
        widths = {p: rows[0].shape[1] for p, rows in {"x": xs, **ports}.items()}
        many, groups = self._side_by_side(states[0], xs[0].dtype, widths, lengths)
        if many is None:
            return one_by_one(self.run, states, xs, ports)
        after, ys = list(states), list(xs)
        for group in groups:
            rows = {p: [series[i] for i in group] for p, series in {"x": xs, **ports}.items()}
            found = many.run([states[i] for i in group], rows)
            for i, state, y in zip(group, *found, strict=True):
                after[i], ys[i] = state, y
        return after, ys

    def run_in_a_row(self, state: Any, lengths: Sequence[int], xs: Array, **ports: Array) -> Array:
        """Return the outputs of many series whose rows lie behind each other, all from `state`."""
        rows, dtype = {"x": xs, **ports}, xs.dtype
        widths = {port: array.shape[1] for port, array in rows.items()}
        each = np.array(lengths)
        many, groups = self._side_by_side(state, dtype, widths, each)
        if many is None:
            return super().run_in_a_row(state, lengths, xs, **ports)
        return many.run_in_a_row(state, fitting_rows(rows, dtype), each, groups)

    def _side_by_side(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], lengths: Array
    ) -> tuple[_Lanes | None, list[Array]]:
        """Return the program of many series, and which of them go together: None, one by one."""
        order = np.argsort(-lengths, kind="stable")
        apart = self._laid_out() is not None and lengths.max() >= FEW
        if len(lengths) < FEWEST or apart or self._passes(state, dtype, widths):
            return None, []
        groups = np.split(order, range(LANES, len(order), LANES))
        return self._lanes(state, dtype, widths, LANES), groups

    def step_code(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> StepCode | None:
        """Return one step from `state` on as compiled code, or None if there is none."""
        bound = self._bind(state, dtype, widths)
        if isinstance(bound, Untraced):
            return None
        program, frame = bound.program, bound.frame(state)
        frame.put(state)
        unpack, release = _Unpack(program, frame, state), partial(bound.frames.append, frame)
        moving = moving_tree(frame, state)
        return StepCode(
            program.function.cell,
            frame.args,
            moving,
            unpack,
            program.n_out,
            release,
            program.expect,
        )

    def fits(self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], n_out: int) -> bool:
        """Tell whether it is known that each step returns what it should."""
        try:
            bound = self._bind(state, dtype, widths)
        except ContractError:
            return False  # the plain step is asked what is wrong
        return not isinstance(bound, Untraced) and bound.program.n_out == n_out

    def _bind(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]
    ) -> _Bound | Untraced:
        key = (tuple(widths.items()), dtype, signature(state))
        if key not in self._bound:
            program = program_of(Writer(self.node, self.params, state, widths, dtype))
            if isinstance(program, Untraced):
                return program
            self._bound[key] = _Bound(program, self.params)
        return self._bound[key]

    def _passes(self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int]) -> bool:
        """Tell whether the node gives out what it reads, for which nothing is copied."""
        bound = self._bind(state, dtype, widths)
        return not isinstance(bound, Untraced) and bound.program.passes

    def lanes_code(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], lanes: int
    ) -> LanesCode | None:
        """Return one step for many series, or None if there is none."""
        many = self._lanes(state, dtype, widths, lanes)
        return None if many is None else _LanesStep(many)

    def _lanes(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], lanes: int
    ) -> _Lanes | None:
        """Return the program of many series, or None if they go one by one."""
        if isinstance(self._bind(state, dtype, widths), Untraced):
            return None
        key = (tuple(widths.items()), dtype, signature(state), lanes)
        if key not in self._many:
            alike = programs_of_alike(self.node, (signature(self.params), *key))
            if not alike:
                alike.append(self._batched(state, dtype, widths, lanes))
            many = alike[0]
            self._many[key] = None if many is None else _Lanes(many, self.params, state)
        return self._many[key]

    def _batched(
        self, state: Any, dtype: np.dtype[Any], widths: Mapping[str, int], lanes: int
    ) -> Program | None:
        build, own = Writer(self.node, self.params, state, widths, dtype), {*widths}
        try:
            many = batched(build, lambda path: path in own or path[0] == "s", lanes)
            return Program(many, places(self.node), dtype, lanes)
        except TraceError:  # what differs from series to series in ways that lanes cannot
            return None


def fitting_rows(rows: Mapping[str, Array], dtype: np.dtype[Any]) -> dict[str, Array]:
    """Return rows as compiled steps read them: C-contiguous, of one precision and length."""
    n = len(rows["x"])
    for port, array in rows.items():
        if len(array) != n:
            raise DataError(f"{port} has {len(array)} rows, x has {n}")
    return {port: np.ascontiguousarray(array, dtype) for port, array in rows.items()}


class _Bound:
    """A program with params, and frames that wait to be used."""

    def __init__(self, program: Program, params: Any):
        self.program, self.params = program, program.lay(params, ("p",))
        self.frames: list[Frame] = []

    def run(self, state: Any, rows: dict[str, Array]) -> tuple[Any, Array]:
        """Return ``(state, ys)`` after these rows."""
        if self.program.passes:
            return state, rows["x"]
        n, dtype = len(rows["x"]), rows["x"].dtype
        rows["y"] = ys = np.empty((n, self.program.n_out), dtype)
        frame = self.frame(state)
        frame.put(state)
        frame.run(rows, n)
        after = frame.take(state)
        self.frames.append(frame)
        return after, ys

    def frame(self, state: Any) -> Frame:
        """Return a frame that nobody uses."""
        try:
            return self.frames.pop()
        except IndexError:
            return self.new_frame(state)

    def new_frame(self, state: Any) -> Frame:
        """Return a frame that is yet to be used."""
        own = {p: copy_at_line(a) for p, a in self.program.lay(state, ("s",)).items()}
        return Frame(self.program, {**self.params, **own}, state)


class _Lanes:
    """A program of many series with params, and frames that wait to be used."""

    def __init__(self, many: Program, params: Any, state: Any):
        self.many, self.state = many, state
        self.params = many.lay(params, ("p",))
        self.frames: list[BatchFrame] = []

    def run(self, states: list[Any], rows: dict[Any, list[Array]]) -> tuple[list[Any], list[Array]]:
        """Return ``(states, ys)``."""
        frame = self.frame()
        found = frame.run_all(states, rows)
        self.frames.append(frame)
        return found

    def run_in_a_row(
        self, state: Any, rows: dict[str, Array], lengths: Array, groups: Sequence[Array]
    ) -> Array:
        """Return the outputs of series that lie behind each other, each group side by side."""
        frame, starts = self.frame(), np.cumsum(lengths) - lengths
        ys = frame.outputs(int(lengths.sum()))
        for group in groups:
            where = lengths[group].tolist(), starts[group]
            frame.run_rows([state] * len(group), {**rows, "y": ys}, *where)
        self.frames.append(frame)
        return ys

    def frame(self) -> BatchFrame:
        """Return a frame that nobody uses."""
        try:
            return self.frames.pop()
        except IndexError:
            return BatchFrame(self.many, self.params, self.state)


class _LanesStep(LanesCode):
    """A step of many series, with a frame of its own."""

    def __init__(self, lanes: _Lanes):
        self._lanes, self._frame = lanes, lanes.frame()
        program = self._frame.program
        self.step = StepCode(program.function.cell, self._frame.args, (), expect=program.expect)

    def put(self, states: Sequence[Any], acts: Sequence[int]) -> None:
        self._frame.begin(states, acts)

    def take(self, states: Sequence[Any]) -> list[Any]:
        return self._frame.states_now(states)

    def release(self) -> None:
        self._lanes.frames.append(self._frame)


def moving_tree(frame: Frame, state: Any) -> Any:
    """Return the arrays of a frame that a step changes, as a tree like `state`."""
    return mapped(state, ("s",), lambda where, array: frame.arrays.get(where, array))


def node_state(program: Program, moving: Any, state: Any) -> Any:
    """Return the node's own state, a tree like `state`, from what `moving_tree` returned."""
    now = iter([leaf for _, leaf in leaves(moving)])

    def one(where: Any, array: Any) -> Any:
        moved = next(now)
        if where not in program.leaves or not is_array(array):
            return array
        return np.array(program.seen(where, moved, array.dtype), array.dtype, order="C")

    return mapped(state, ("s",), one)


class _Unpack:
    """Turns the arrays that a compiled step changed back into the node's own."""

    def __init__(self, program: Program, frame: Frame, state: Any):
        self._program, self._frame, self._state = program, frame, state  # addresses keep nothing

    def __call__(self, moving: Any) -> Any:
        return node_state(self._program, moving, self._state)
