"""Execute a plan in this process. This is the meaning; other engines must agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
    """The outputs of one node during a chunk, with the past before them."""

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

    def write(self, start: int, stop: int, ys: Array) -> None:
        self.buffer[self.depth + start : self.depth + stop] = ys

    def new_past(self) -> Array:
        missing = len(self.past) - self.n_steps
        recent = self.rows(max(0, -missing), self.n_steps)
        return np.concatenate([self.past[-missing:], recent]) if missing > 0 else recent.copy()


class _Sweep:
    """One chunk on its way through the blocks."""

    def __init__(self, plan: Plan, slots: dict[str, Slot], chunk: Chunk, work: Work, clock: int):
        self.plan, self.slots, self.chunk, self.work, self.clock = plan, slots, chunk, work, clock
        self.lines: dict[str, _Line] = {}
        self.taught = {name: self._teacher(name, rows) for name, rows in chunk.targets.items()}

    def run(self, block: Block) -> None:
        n = self.chunk.n_steps
        if block.span is None:
            name = block.names[0]
            ys = self._live(name, 0, n)
            self.lines[name] = _Line(self.slots[name].past, ys, self.plan.lag(name), n)
        else:
            for name in block.names:
                self.lines[name] = _Line(self.slots[name].past, None, self.plan.lag(name), n)
            for start in range(0, n, block.span):
                stop = min(start + block.span, n)
                for name in block.names:
                    self.lines[name].write(start, stop, self._live(name, start, stop))
        for name in block.names:
            self._check_finite(name)

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

    def _live(self, name: str, start: int, stop: int) -> Array:
        """Return the outputs of one node from `start` to `stop`; it steps only when it ticks."""
        node, slot = self.plan.nodes[name], self.slots[name]
        inputs = {
            port: self._read(name, port, reads, start, stop)
            for port, reads in self.plan.reads[name].items()
        }
        if "x" not in inputs:
            inputs["x"] = self._read(name, "x", (), start, stop)
        if self.work.noise and slot.noise is not None:
            noise = node.draw_noise(slot.noise, stop - start, slot.past.shape[1])
            if noise is not None:
                inputs["noise"] = noise.astype(slot.past.dtype, copy=False)
        target = self._target(name, inputs.pop("target", None), start, stop)
        if node.every == 1:
            return self._step(name, inputs, target, np.arange(start, stop))
        return self._tick(name, inputs, target, np.arange(start, stop))

    def _tick(
        self, name: str, inputs: dict[str, Array], target: Array | None, steps: Array
    ) -> Array:
        """Run a node at the ticks of its clock and hold its output in between."""
        node, slot = self.plan.nodes[name], self.slots[name]
        ticks = (steps + self.clock - node.phase) % node.every == 0
        line = self.lines.get(name)
        held = slot.past[-1:] if line is None or not steps[0] else line.rows(steps[0] - 1, steps[0])
        if ticks.any():
            there = {port: rows[ticks] for port, rows in inputs.items()}
            taught = None if target is None else target[ticks]
            held = np.concatenate([held, self._step(name, there, taught, steps[ticks])])
        output: Array = held[np.cumsum(ticks)]
        return output

    def _step(
        self, name: str, inputs: dict[str, Array], target: Array | None, steps: Array
    ) -> Array:
        """Run a node and let it learn, if it is to learn."""
        node, slot = self.plan.nodes[name], self.slots[name]
        if name not in self.work.learn:
            slot.state, ys = node.run(slot.params, slot.state, inputs.pop("x"), **inputs)
            return ys
        rows = steps >= self.chunk.learn_from
        if target is not None:
            rows = rows & np.isfinite(target).all(axis=1)
        lesson = Lesson(inputs, target, rows)
        rule = self.plan.rules[name]
        learned = rule.learn(node, slot.params, slot.state, slot.memory, lesson)
        slot.params, slot.state, slot.memory = learned.params, learned.state, learned.memory
        return learned.ys

    def _read(self, name: str, port: str, reads: tuple[Read, ...], start: int, stop: int) -> Array:
        """Return what arrives at a port: outside data first, then edges as they were declared."""
        parts = [self._rows(read, start, stop) for read in reads]
        if port == "x" and name in self.chunk.data:
            parts.insert(0, self.chunk.data[name][start:stop])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=1) if parts else self._nothing(name, stop - start)

    def _rows(self, read: Read, start: int, stop: int) -> Array:
        line = (self.taught if read.taught else self.lines)[read.source]
        return line.rows(start - read.delay, stop - read.delay)

    def _nothing(self, name: str, n_steps: int) -> Array:
        return np.zeros((n_steps, 0), self.slots[name].past.dtype)

    def _target(self, name: str, wired: Array | None, start: int, stop: int) -> Array | None:
        if name in self.chunk.targets:
            return self.chunk.targets[name][start:stop]
        return wired

    def _check_finite(self, name: str) -> None:
        ys = self.lines[name].rows(0, self.chunk.n_steps)
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
