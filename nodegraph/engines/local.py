"""Execute a plan in this process. This is the meaning; other engines must agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DivergenceError
from nodegraph.plan import Block, Plan, Read
from nodegraph.rule import Lesson
from nodegraph.slot import Chunk, Slot, Work

__all__ = ["execute"]


def execute(
    plan: Plan, slots: dict[str, Slot], chunks: Iterable[Chunk], work: Work
) -> Iterator[dict[str, Array]]:
    """Move every node of `plan` on, chunk by chunk; `slots` are updated.

    Yields
    ------
    dict of ndarray, shape (n_steps, n_out)
        For each chunk the outputs of ``work.wanted``.

    Raises
    ------
    DivergenceError
        If an output is no longer finite.
    """
    clock = work.clock
    for chunk in chunks:
        sweep = _Sweep(plan, slots, chunk, work, clock)
        for block in plan.blocks:
            sweep.run(block)
        sweep.close()
        clock += chunk.n_steps
        yield {name: sweep.lines[name].rows(0, chunk.n_steps) for name in work.wanted}


class _Line:
    """The outputs of one node during a chunk, with as much of the past as its readers look at."""

    def __init__(self, past: Array, ys: Array | None, lag: int, n_steps: int):
        self.past, self.depth, self.n_steps = past, lag, n_steps
        if ys is not None and not lag:
            self.buffer = ys
            return
        self.buffer = np.empty((lag + n_steps, past.shape[1]), past.dtype)
        self.buffer[:lag] = past[len(past) - lag :]
        if ys is not None:
            self.buffer[lag:] = ys

    def rows(self, start: int, stop: int) -> Array:
        return self.buffer[self.depth + start : self.depth + stop]

    def new_past(self) -> Array:
        missing = len(self.past) - self.n_steps
        recent = self.rows(max(0, -missing), self.n_steps)
        return np.concatenate([self.past[-missing:], recent]) if missing > 0 else recent.copy()


class _Seat:
    """One node during one chunk: what it reads, and how it lives through a part of it.

    Parameters
    ----------
    sweep : _Sweep
    name : str
    """

    def __init__(self, sweep: _Sweep, name: str):
        self.sweep, self.name = sweep, name
        self.node, self.slot = sweep.plan.nodes[name], sweep.slots[name]
        self.learns = name in sweep.work.learn
        if not self.learns:
            self.run = self.node.prepared(self.slot.params)
        self.noisy = sweep.work.noise and self.slot.noise is not None
        self.ports = [
            (port, self._sources(port, reads)) for port, reads in sweep.plan.reads[name].items()
        ]
        if "x" not in sweep.plan.reads[name]:
            self.ports.append(("x", self._sources("x", ())))

    def _sources(self, port: str, reads: tuple[Read, ...]) -> list[tuple[Array, int]]:
        """Return arrays to read from, each with the row of step 0: outside data, then edges."""
        chunk = self.sweep.chunk
        sources = [(chunk.data[self.name], 0)] if port == "x" and self.name in chunk.data else []
        for read in reads:
            line = (self.sweep.taught if read.taught else self.sweep.lines)[read.source]
            sources.append((line.buffer, line.depth - read.delay))
        return sources or [(np.zeros((chunk.n_steps, 0), self.slot.past.dtype), 0)]

    def live(self, start: int, stop: int) -> Array:
        """Return the outputs from `start` to `stop`."""
        inputs = {}
        for port, sources in self.ports:
            parts = [array[zero + start : zero + stop] for array, zero in sources]
            inputs[port] = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        if self.noisy:
            self._add_noise(inputs, stop - start)
        if self.learns or self.node.every > 1:
            return self._tick(inputs, np.arange(start, stop))
        self.slot.state, ys = self.run(self.slot.state, inputs.pop("x"), **inputs)
        return ys

    def _add_noise(self, inputs: dict[str, Array], n_steps: int) -> None:
        generator, past = self.slot.noise, self.slot.past
        if generator is None:
            return
        noise = self.node.draw_noise(generator, n_steps, past.shape[1])
        if noise is not None:
            inputs["noise"] = noise.astype(past.dtype, copy=False)

    def _tick(self, inputs: dict[str, Array], steps: Array) -> Array:
        """Run the node at the ticks of its clock and hold its output in between."""
        target = self._target(inputs.pop("target", None), steps)
        if self.node.every == 1:
            return self._step(inputs, target, steps)
        ticks = (steps + self.sweep.clock - self.node.phase) % self.node.every == 0
        line, held = self.sweep.lines.get(self.name), self.slot.past[-1:]
        if line is not None and steps[0]:
            held = line.rows(steps[0] - 1, steps[0])
        if ticks.any():
            there = {port: rows[ticks] for port, rows in inputs.items()}
            taught = None if target is None else target[ticks]
            held = np.concatenate([held, self._step(there, taught, steps[ticks])])
        output: Array = held[np.cumsum(ticks)]
        return output

    def _target(self, wired: Array | None, steps: Array) -> Array | None:
        given = self.sweep.chunk.targets.get(self.name)
        return wired if given is None else given[steps[0] : steps[-1] + 1]

    def _step(self, inputs: dict[str, Array], target: Array | None, steps: Array) -> Array:
        """Run the node and let it learn, if it is to learn."""
        slot = self.slot
        if not self.learns:
            slot.state, ys = self.run(slot.state, inputs.pop("x"), **inputs)
            return ys
        rows = steps >= self.sweep.chunk.learn_from
        if target is not None:
            rows = rows & np.isfinite(target).all(axis=1)
        rule = self.sweep.plan.rules[self.name]
        lesson = Lesson(inputs, target, rows)
        learned = rule.learn(self.node, slot.params, slot.state, slot.memory, lesson)
        slot.params, slot.state, slot.memory = learned.params, learned.state, learned.memory
        return learned.ys


class _Sweep:
    """One chunk on its way through the blocks."""

    def __init__(self, plan: Plan, slots: dict[str, Slot], chunk: Chunk, work: Work, clock: int):
        self.plan, self.slots, self.chunk, self.work, self.clock = plan, slots, chunk, work, clock
        self.lines: dict[str, _Line] = {}
        self.taught = {name: self._teacher(name, rows) for name, rows in chunk.targets.items()}

    def run(self, block: Block) -> None:
        if block.span is None:
            name, n = block.names[0], self.chunk.n_steps
            ys = _Seat(self, name).live(0, n)
            self.lines[name] = _Line(self.slots[name].past, ys, self.plan.lag(name), n)
        else:
            self._loop(block.names, block.span)
        for name in block.names:
            self._check_finite(name)

    def _loop(self, names: tuple[str, ...], span: int) -> None:
        """Run a feedback loop, `span` steps at a time."""
        n = self.chunk.n_steps
        for name in names:
            self.lines[name] = _Line(self.slots[name].past, None, self.plan.lag(name), n)
        seats = [(_Seat(self, name).live, self.lines[name]) for name in names]
        for start in range(0, n, span):
            stop = min(start + span, n)
            for live, line in seats:
                line.buffer[line.depth + start : line.depth + stop] = live(start, stop)

    def close(self) -> None:
        """Leave the last outputs and teachers where the next chunk looks for them."""
        for name, line in self.lines.items():
            self.slots[name].past = line.new_past()
        for name, line in self.taught.items():
            self.slots[name].taught = line.new_past()

    def _teacher(self, name: str, rows: Array) -> _Line:
        slot = self.slots[name]
        past = slot.past if slot.taught is None else slot.taught
        return _Line(past, _filled(rows, past[-1]), len(past), self.chunk.n_steps)

    def _check_finite(self, name: str) -> None:
        ys = self.lines[name].rows(0, self.chunk.n_steps)
        if isfinite(np.vdot(ys, ys)):  # cheaper than to look at each, and enough nearly always
            return
        finite = np.isfinite(ys).all(axis=1)
        if finite.all():
            return
        row = int(np.argmin(finite))
        before = ys[row - 1] if row else self.slots[name].past[-1]
        largest = float(np.abs(before).max(initial=0.0)) or 1.0
        norm = largest * float(np.linalg.norm(before / largest))  # does not overflow on the way
        raise DivergenceError(
            f"{name}: output is no longer finite at step {self.clock + row} (norm one step before: "
            f"{norm:.3g}); lower spectral_radius, scalings or learning rates, or use a bounded "
            "activation"
        )


def _filled(rows: Array, last: Array) -> Array:
    """Return `rows` with each NaN replaced by the last known value of its column."""
    gaps = np.isnan(rows)
    if not gaps.any():
        return rows
    known = np.concatenate([last[None], rows])
    steps = np.arange(len(known))[:, None]
    latest = np.maximum.accumulate(np.where(np.isnan(known), 0, steps), axis=0)
    filled: Array = np.take_along_axis(known, latest, axis=0)[1:]
    return filled
