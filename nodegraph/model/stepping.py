"""A model that goes on by few rows at a time: all its nodes in one compiled program."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree, is_sparse, leaves
from nodegraph.data.series import Chunk
from nodegraph.engines.bound_node import RowSource, heard
from nodegraph.engines.loops import Instruction, Program
from nodegraph.engines.prepared import StepCode
from nodegraph.engines.slot import filled
from nodegraph.engines.vitals import Sample, Vitals
from nodegraph.graph.limits import recent
from nodegraph.graph.plan import Plan
from nodegraph.model.noise import NoiseAhead, is_noisy
from nodegraph.model.state import ModelState

__all__ = ["MOST", "Stepper"]

Ports = dict[str, list[RowSource]]

KEPT = 64  # rows that are remembered, to go back to where all stood before a call that fails
MOST = 32  # rows of a call that is quick


class Stepper:
    """The nodes of a model, ready to be stepped; `settled` puts what became of them back.

    Arrays are copied every `KEPT` steps. A call that fails is undone by going from there again.

    Parameters
    ----------
    state : ModelState
        It stays as it is.
    plan : Plan
        What runs.
    instructions : list of Instruction
    learned : dict of (params, memory)
        What compiled steps change in place, by learner.
    data, targets : dict of ndarray, shape (KEPT, n)
        Where what comes from outside goes, in turn.
    vitals : Vitals, optional
        Who takes rows to judge nodes by.
    noise : dict, optional
        What noise of the next `KEPT` steps is drawn from, by node.

    Attributes
    ----------
    learns : bool
        Whether nodes learn as they go.
    """

    def __init__(
        self,
        state: ModelState,
        plan: Plan,
        instructions: dict[str, Instruction],
        learned: dict[str, tuple[Any, Any]],
        data: Mapping[str, Array],
        targets: Mapping[str, Array],
        vitals: Vitals | None = None,
        noise: Mapping[str, NoiseAhead] | None = None,
    ):
        self._noise = noise or {}
        self._state, self._instructions, self._learned = state, instructions, learned
        self._data, self._targets, self._outside = data, targets, (data, targets)
        rings = [(rows, False) for rows in data.values()]
        rings += [(rows, True) for rows in targets.values()]
        self._program = Program(
            list(instructions.values()), state.stream.time, state.initializer.dtype, rings
        )
        self._only: Array = next(iter(data.values()), np.zeros((KEPT, 0)))
        self._row = self._only.shape[1:] if len(data) == 1 else None  # the shape of x, if it is one
        self._limited = [
            (sources, limits)
            for instruction in instructions.values()
            for port, sources in instruction.ports
            if (limits := instruction.node.limits.get(port)) is not None
        ]
        self._pupils = state.pupils()
        self._taught = {name: _taught(state, name) for name in targets}
        changing = [instruction.code.state for instruction in instructions.values()] + list(
            learned.values()
        )
        arrays = [a for tree in changing for _, a in leaves(tree) if isinstance(a, np.ndarray)]
        self._arrays = [(a, a.copy(order="K")) for a in arrays]
        self._vitals, self._lessons = vitals, deque[Any](maxlen=8)  # the last of them tell
        self._outputs = {name: instructions[name].out for name in plan.outputs}
        rows, zero = next(iter(self._outputs.values()))
        self._last = (list(rows), zero - 1, len(rows)) if len(self._outputs) == 1 else None
        self.learns = bool(learned)
        self.steps = self._saved = 0

    @classmethod
    def of(
        cls,
        state: ModelState,
        learn: frozenset[str] = frozenset(),
        targets: Iterable[str] = (),
        vitals: Vitals | None = None,
    ) -> Stepper | None:
        """Return the stepper of what can run and learn, or None if a node has no compiled step."""
        plan = state.runnable(state.ready(), learn)
        if any(name not in plan.reads for name in plan.outputs):
            return None
        dtype = state.initializer.dtype
        sizes = {name: slot.past.shape[1] for name, slot in state.slots.items()}
        data = {n: np.zeros((KEPT, width), dtype) for n, width in state.initializer.data.items()}
        taught = {name: np.full((KEPT, sizes[name]), np.nan, dtype) for name in targets}
        names = [name for block in plan.blocks for name in block.names]
        outs = {name: _ring(state.slots[name].past) for name in names}
        instructions, learned = {}, {}
        noise = {n: NoiseAhead(state, n, KEPT) for n in names if learn and is_noisy(state, n)}
        for name in names:
            ports = {
                port: [RowSource(outs[r.source].rows, outs[r.source].zero - r.delay) for r in group]
                for port, group in heard(plan, name, name in learn).items()
            }
            if name in data:
                ports["x"] = [RowSource(data[name], 0), *ports.get("x", [])]
            ports.setdefault("x", [RowSource(np.zeros((1, 0), dtype), 0)])
            if name in learn:
                slot = state.slots[name]
                learned[name] = copy_tree(slot.params), copy_tree(slot.memory)
            if name in noise:
                ports["noise"] = [RowSource(noise[name].rows, 0)]
            code = _code(state, plan, name, ports, learned.get(name))
            if code is None or code.n_out not in (None, sizes[name]):
                return None
            if name in learn and name in taught:
                ports["target"] = [RowSource(taught[name], 0)]
            instructions[name] = Instruction(
                plan.nodes[name], code, outs[name], list(ports.items())
            )
        return cls(state, plan, instructions, learned, data, taught, vitals, noise)

    def step(self, x: Any) -> Any:
        """Return the outputs one step later, or None, and nothing moved, if `x` is no plain row."""
        if self.steps - self._saved == KEPT:
            self._save()
        at, only = self.steps % KEPT, self._only
        if type(x) is np.ndarray and x.shape == self._row and x.dtype is only.dtype:
            only[at] = x  # as most rows come: `_take` does the same
        elif not self._take(x, at, 0):
            return None
        if not self._advance(1):
            return None
        if self._last is not None:
            rows, zero, length = self._last
            return rows[(zero + self.steps) % length].copy()
        return {name: self._rows(out, 1)[0] for name, out in self._outputs.items()}

    def run(self, x: Any, y: Any = None) -> Any:
        """Return the outputs of plain rows `x`, targets `y`; None, and nothing moved, for others.

        Parameters
        ----------
        x, y : ndarray (T, n), dict of such, or None
            At most `MOST` rows.
        """
        n_rows = _count(x if x is not None else y)
        if not 0 < n_rows <= MOST:
            return None
        at = self._places_of(n_rows)
        taken = self._take(x, at, n_rows) and self._take_targets(y, at, n_rows)
        if not taken or not self._advance(n_rows):
            return None
        found = {name: self._rows(out, n_rows) for name, out in self._outputs.items()}
        return found if len(found) > 1 else next(iter(found.values()))

    def _places_of(self, n_rows: int) -> Any:
        """Return where the next rows go; those behind the last copy must not be lost."""
        if self.steps + n_rows - self._saved > KEPT:
            self._save()
        if n_rows == 1:
            return self.steps % KEPT
        return np.arange(self.steps, self.steps + n_rows) % KEPT

    def _take(self, x: Any, at: Any, n_rows: int) -> bool:
        """Put the inputs where the program reads them; tell whether they are plain rows."""
        if self._row is not None and not isinstance(x, dict):
            return _put(x, self._only, at, n_rows)
        if x is None:
            return not self._data
        if not isinstance(x, dict) or x.keys() != self._data.keys():
            return False
        return all(_put(x[name], rows, at, n_rows) for name, rows in self._data.items())

    def _take_targets(self, y: Any, at: Any, n_rows: int) -> bool:
        if y is None or not self._targets:
            return y is None and not self._targets
        if not isinstance(y, dict):
            y = dict.fromkeys(self._pupils, y)
        return y.keys() == self._targets.keys() and all(
            _put(y[name], rows, at, n_rows) for name, rows in self._targets.items()
        )

    def _advance(self, n_rows: int) -> bool:
        """Move on; tell whether all went well. If not, all is as it was."""
        stop = self.steps + n_rows
        well = self._program.advance(self.steps, stop)
        if well and (not self._limited or self._within(stop)):
            self.steps = stop
            return True
        for array, before in self._arrays:
            array[...] = before
        self._program.run(self._saved, self.steps)
        return False

    def _within(self, stop: int) -> bool:
        """Tell whether what ports heard on the way to `stop` is within their limits."""
        return all(recent(*ports, self.steps, stop) for ports in self._limited)

    def _save(self) -> None:
        """Keep a copy of all that changes."""
        gone = np.arange(self._saved, self.steps) % KEPT
        for name, rows in self._targets.items():
            past = self._taught[name]
            every = np.concatenate([past, filled(rows[gone], past[-1])])
            self._taught[name] = every[-len(past) :]
        if len(gone) and self._learned:
            data, targets = (
                {n: ring[gone] for n, ring in group.items()} for group in self._outside
            )
            self._lessons.append((data, targets, self._state.stream.time + self._saved))
        if self._vitals is not None:
            self._vitals.take(self._instructions, Chunk(len(gone), {}, {}), self._sample)
        for array, before in self._arrays:
            before[...] = array
        for noise in self._noise.values():
            noise.go_on(self._saved, self.steps)
        self._program.expect(KEPT)
        self._saved = self.steps

    def _sample(self, name: str, rows: Array) -> Sample:
        """Return what a node read and gave out at some of the steps since the last copy."""
        instruction, steps = self._instructions[name], self._saved + rows
        sources = (*dict(instruction.ports)["x"], instruction.out)
        *x, y = (source.rows[(source.zero + steps) % len(source.rows)] for source in sources)
        return Sample(np.concatenate(x, axis=1), y)

    def _rows(self, out: RowSource, n_rows: int) -> Array:
        """Return the last outputs of a node."""
        if n_rows == 1:
            at = (out.zero + self.steps - 1) % len(out.rows)
            return out.rows[at : at + 1].copy()
        recent = np.arange(self.steps - n_rows, self.steps) + out.zero
        return out.rows[recent % len(out.rows)]

    def settled(self) -> ModelState:
        """Return the state that stands where the steps have led."""
        self._save()
        state = self._state.draft()
        for name, instruction in self._instructions.items():
            slot, out = state.slots[name], instruction.out
            slot.state = instruction.code.unpack(copy_tree(instruction.code.state))
            slot.past = self._rows(out, len(slot.past))
            slot.taught = self._taught.get(name, slot.taught)
            if name in self._noise:
                slot.noise = self._noise[name].generator
        for name, (params, memory) in self._learned.items():
            state.slots[name].params, state.slots[name].memory = params, memory
        state.stream = state.stream.gone(self.steps)
        for data, targets, start in self._lessons:
            state.ahead = state.ahead.after_rows(data, targets, start)
        return state


def _code(state: ModelState, plan: Plan, name: str, ports: Ports, learned: Any) -> StepCode | None:
    """Return the compiled step of a node, or None if it has none that does all that is wanted."""
    slot, node, dtype = state.slots[name], plan.nodes[name], state.initializer.dtype
    widths = {port: sum(s.rows.shape[1] for s in group) for port, group in ports.items()}
    if learned is None:
        return slot.prepared(node).step_code(slot.state, dtype, widths)
    if "target" in widths or any(is_sparse(leaf) for _, leaf in leaves(learned)):
        return None
    params, memory = learned
    course = slot.course(plan.rules[name], node)
    return course.step_code(params, copy_tree(slot.state), memory, dtype, widths)


def _ring(past: Array) -> RowSource:
    """Return rows for the past and for the steps that may have to be undone."""
    return RowSource(np.concatenate([past, np.zeros((KEPT, past.shape[1]), past.dtype)]), len(past))


def _taught(state: ModelState, name: str) -> Array:
    slot = state.slots[name]
    return slot.past if slot.taught is None else slot.taught


def _count(rows: Any) -> int:
    """Return how many rows there are; 0 for what holds no plain array."""
    if isinstance(rows, dict):
        rows = next(iter(rows.values()), None)
    return len(rows) if type(rows) is np.ndarray and rows.ndim else 0


def _put(x: Any, rows: Array, at: Any, n_rows: int) -> bool:
    """Write plain numbers into `rows`: one row of shape (n,) for 0, else an array of n_rows."""
    if type(x) is not np.ndarray:
        if n_rows or not isinstance(x, list | tuple | float | int):
            return False
        try:
            x = np.atleast_1d(np.array(x))
        except ValueError:
            return False
    shape = (n_rows, rows.shape[1]) if n_rows else rows.shape[1:]
    if x.shape != shape:
        if not n_rows or x.shape != (n_rows,) or rows.shape[1] != 1:
            return False
        x = x[:, None]
    if x.dtype is rows.dtype:
        rows[at] = x
        return True
    return x.dtype.kind in "fiu" and _put_other(x, rows, at)


def _put_other(x: Array, rows: Array, at: Any) -> bool:
    with np.errstate(over="ignore"):  # what overflows is found not to be finite
        rows[at] = x
    return True
