"""One node during one chunk: what it reads, and how it lives through a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array, changeable, copy_tree, leaves
from nodegraph.data.series import Chunk
from nodegraph.engines.each_step import refuse_rows
from nodegraph.engines.first_use import FirstUse, check_still
from nodegraph.engines.prepared import LanesCode, StepCode
from nodegraph.engines.request import Request
from nodegraph.engines.slot import DelayLine, Slot
from nodegraph.errors import named
from nodegraph.graph.blocks import Read
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.limits import check_within
from nodegraph.graph.plan import Plan
from nodegraph.graph.protocols import Blockwise, Gathers

__all__ = ["BoundNode", "ChunkContext", "RowSource", "heard"]


class RowSource(NamedTuple):
    """Rows to read from, and which of them is that of step 0."""

    rows: Array
    zero: int


class ChunkContext(NamedTuple):
    """What all nodes of a chunk share."""

    plan: Plan
    slots: Mapping[str, Slot]
    chunk: Chunk
    request: Request
    clock: int  # the number of the chunk's first step
    lines: dict[str, DelayLine]
    taught: dict[str, DelayLine]


class BoundNode:
    """One node during one chunk.

    Parameters
    ----------
    context : ChunkContext
    name : str
    """

    def __init__(self, context: ChunkContext, name: str):
        self.context, self.name = context, name
        self.node, self.slot = context.plan.nodes[name], context.slots[name]
        self.learns = name in context.request.learn
        if not self.learns:
            self.prepared = self.slot.prepared(self.node)
        reads = heard(context.plan, name, self.learns)
        self.ports = [(port, self._sources(port, group)) for port, group in reads.items()]
        if "x" not in reads:
            self.ports.append(("x", self._sources("x", ())))

    @property
    def steady(self) -> bool:
        """Whether the node does nothing but run, at every step."""
        return not self.learns and self.node.every == 1

    def _sources(self, port: str, reads: tuple[Read, ...]) -> list[RowSource]:
        """Return what to read from: outside data first, then edges."""
        data = self.context.chunk.data
        sources = [RowSource(data[self.name], 0)] if port == "x" and self.name in data else []
        for read in reads:
            line = (self.context.taught if read.taught else self.context.lines)[read.source]
            sources.append(self._source(line, read))
        n_steps, dtype = self.context.chunk.n_steps, self.slot.past.dtype
        return sources or [RowSource(np.zeros((n_steps, 0), dtype), 0)]

    def _source(self, line: DelayLine, read: Read) -> RowSource:
        """Return the rows of a line that are read at each step."""
        if read.held is None:
            return RowSource(line.buffer, line.depth - read.delay)
        clock = self.context.clock
        ticks = read.held.last_tick(np.arange(clock, clock + self.context.chunk.n_steps))
        rows = line.buffer[ticks - clock + line.depth - (read.delay - read.held.late)]
        rows[ticks < 0] = 0.0  # it has not said anything yet
        return RowSource(rows, 0)

    def inputs(self, start: int, stop: int) -> dict[str, Array]:
        """Return what arrives at each port from `start` to `stop`, read-only, and the noise."""
        inputs = self.check_limits(start, stop)
        for port, sources in self.ports:
            if port not in inputs:
                inputs[port] = _joined(sources, start, stop)
        for port, first in self.context.plan.first.get(self.name, {}).items():
            if port in inputs and self.context.clock + start < first:
                inputs[port] = _from(inputs[port], first - self.context.clock - start)
        noise = self.noise(stop - start)
        return inputs if noise is None else {**inputs, "noise": noise}

    def check_limits(self, start: int, stop: int) -> dict[str, Array]:
        """Return what arrives from `start` to `stop` at ports with limits, if it keeps them."""
        if not self.node.limits:
            return {}
        ports = [pair for pair in self.ports if pair[0] in self.node.limits]
        signals = {port: _joined(sources, start, stop) for port, sources in ports}
        check_within(self.name, self.node.limits, signals, self.context.clock + start)
        return signals

    @property
    def noise_width(self) -> int:
        """How many numbers of noise there will be in each of the next steps; none is drawn yet."""
        generator = self.slot.noise if self.context.request.noise else None
        if generator is None or not self.node.hears_noise:
            return 0
        noise = self.node.draw_noise(deepcopy(generator), 1, self.slot.past.shape[1])
        return 0 if noise is None else noise.shape[1]

    def noise(self, n_steps: int) -> Array | None:
        """Return the noise of the next steps, or None if there is none now."""
        generator, past = self.slot.noise, self.slot.past
        if not self.context.request.noise or generator is None:
            return None
        noise = self.node.draw_noise(generator, n_steps, past.shape[1])
        return None if noise is None else noise.astype(past.dtype, copy=False)

    def step_code(self) -> StepCode | None:
        """Return one step of the node as compiled code, if there is any."""
        slot, widths, dtype = self.slot, self.widths, self.slot.past.dtype
        if not self.learns:
            return self.prepared.step_code(slot.state, dtype, widths)
        rule = self.context.plan.rules[self.name]
        if "target" in widths or (not rule.supervised and self.context.chunk.learn_from > 0):
            return None
        course = slot.course(rule, self.node)
        slot.params, slot.memory = changeable((slot.params, slot.memory))
        return course.step_code(slot.params, slot.state, slot.memory, dtype, widths)

    def lanes_code(self, lanes: int) -> LanesCode | None:
        """Return one step of the node for so many series, if it runs and there is any."""
        slot = self.slot
        return self.prepared.lanes_code(slot.state, slot.past.dtype, self.widths, lanes)

    @property
    def widths(self) -> dict[str, int]:
        """How many numbers arrive at each port in a step, and of noise if there is any."""
        widths = {port: sum(s.rows.shape[1] for s in sources) for port, sources in self.ports}
        noise = self.noise_width
        return {**widths, "noise": noise} if noise else widths

    def live(self, start: int, stop: int) -> Array:
        """Return the outputs from `start` to `stop`."""
        inputs = self.inputs(start, stop)
        if not self.steady:
            return self._tick(inputs, np.arange(start, stop))
        return self._run(inputs)

    def _run(self, inputs: dict[str, Array]) -> Array:
        slot = self.slot
        if not slot.kept.ran:
            return self._first_run(inputs)
        slot.state, ys = self.prepared.run(slot.state, inputs.pop("x"), **inputs)
        return self._like_before(ys)

    def _like_before(self, ys: Array) -> Array:
        """Return outputs that are rows like those before."""
        past = self.slot.past
        if ys.shape[1:] != past.shape[1:] or ys.dtype != past.dtype:
            refuse_rows(ys, self.node, past)
        return ys

    def run_in_a_row(self) -> Array:
        """Return the outputs of series that lie behind each other in the chunk."""
        chunk, slot = self.context.chunk, self.slot
        inputs = self.inputs(0, chunk.n_steps)
        if not (self.node.from_end or any(leaves(slot.state))):
            return self._run(inputs)
        if not slot.kept.ran:
            self.try_step(inputs)
        return self.prepared.run_in_a_row(slot.state, chunk.lengths, inputs.pop("x"), **inputs)

    def _first_run(self, inputs: dict[str, Array]) -> Array:
        """Run the node for the first time, and look at what it returns."""
        slot, trial = self.slot, self.trial
        self.try_step(inputs)
        x = inputs.pop("x")
        found = self.prepared.run(slot.state, x, **inputs)
        slot.state, ys = trial.moved(found, (len(x), slot.past.shape[1]))
        slot.kept.ran = True
        return ys

    @property
    def trial(self) -> FirstUse:
        """The node as it is before it lives."""
        slot = self.slot
        return FirstUse(
            self.name, self.node, slot.params, slot.state, slot.past.shape[1], slot.past.dtype
        )

    def try_step(self, inputs: Mapping[str, Array]) -> None:
        """Look at what `step` returns for the first row, if that is how the node runs."""
        slot = self.slot
        if isinstance(self.node, Blockwise):
            return
        widths = {port: rows.shape[1] for port, rows in inputs.items()}
        n_out = slot.past.shape[1]
        if not self.prepared.fits(slot.state, inputs["x"].dtype, widths, n_out):
            self.trial.step(inputs)
        slot.kept.ran = True

    def try_lesson(self, lesson: Lesson) -> None:
        """Look at what the rule returns for the first row that it learns from."""
        rule, kept = self.context.plan.rules[self.name], self.slot.kept
        if isinstance(rule, Gathers):
            kept.learned = True
        elif lesson.rows.any():
            slot, course = self.slot, self.slot.course(rule, self.node)
            if not course.fits(slot.params, slot.state, slot.memory, lesson):
                self.trial.update(rule, slot.memory, lesson)
            kept.learned = True

    def _tick(self, inputs: dict[str, Array], steps: Array) -> Array:
        """Run the node at the ticks of its clock and hold its output in between."""
        target = self.target(inputs.pop("target", None), steps)
        if self.node.every == 1:
            return self._step(inputs, target, steps)
        ticks = (steps + self.context.clock - self.node.phase) % self.node.every == 0
        line, held = self.context.lines.get(self.name), self.slot.past[-1:]
        if line is not None and steps[0]:
            held = line.rows(steps[0] - 1, steps[0])
        if ticks.any():
            there = {port: rows[ticks] for port, rows in inputs.items()}
            taught = None if target is None else target[ticks]
            held = np.concatenate([held, self._step(there, taught, steps[ticks])])
        output: Array = held[np.cumsum(ticks)]
        return output

    def target(self, wired: Array | None, steps: Array) -> Array | None:
        """Return what is wanted at `steps`: what was given, else what is wired."""
        given = self.context.chunk.targets.get(self.name)
        if given is None:
            return wired
        target: Array = given[steps[0] : steps[-1] + 1]
        target.flags.writeable = False  # it is the user's
        return target

    def _step(self, inputs: dict[str, Array], target: Array | None, steps: Array) -> Array:
        """Run the node and let it learn, if it is to learn."""
        slot = self.slot
        if not self.learns:
            return self._run(inputs)
        number = self.context.chunk.number
        lesson = Lesson(inputs, target, self.lessons(target, steps), number)
        rule = self.context.plan.rules[self.name]
        before = None if slot.kept.learned else copy_tree(slot.params)
        if before is not None:
            self.try_lesson(lesson)
        course = slot.course(rule, self.node)
        with named(self.name):
            learned = course.learn(slot.params, slot.state, slot.memory, lesson)
        if before is not None:
            check_still(f"{self.name}: {type(rule).__name__}.update", rule, before, learned.params)
        slot.params, slot.state, slot.memory = learned.params, learned.state, learned.memory
        return self._like_before(learned.ys)

    def lessons(self, target: Array | None, steps: Array) -> Array:
        """Return which of `steps` are to be learned from."""
        rows = self.context.chunk.lessons(steps)
        if target is None or self.context.plan.rules[self.name].sees_gaps:
            return rows
        return rows & np.isfinite(target).all(axis=1)

    def masked_target(self) -> Array | None:
        """Return the target of the whole chunk, with NaN where nothing is to be learned."""
        target = self.context.chunk.targets.get(self.name)
        if not self.learns or target is None:
            return None
        rows = self.lessons(target, np.arange(len(target)))
        return np.where(rows[:, None], target, target.dtype.type(np.nan))


def heard(plan: Plan, name: str, learns: bool) -> Mapping[str, tuple[Read, ...]]:
    """Return what arrives at each port of a node; those of its rule are heard by learners alone."""
    rule = plan.rules.get(name)
    own = () if rule is None or learns else (*rule.ports, *("target",) * rule.supervised)
    return {port: group for port, group in plan.reads[name].items() if port not in own}


def _from(rows: Array, first: int) -> Array:
    """Return rows with NaN in those before the `first`, of which there is nothing to tell."""
    known: Array = rows.copy()
    known[:first] = np.nan
    return known


def _joined(sources: Sequence[RowSource], start: int, stop: int) -> Array:
    """Return the rows of a port from `start` to `stop`, side by side and read-only."""
    parts = [rows[zero + start : zero + stop] for rows, zero in sources]
    joined: Array = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    joined.flags.writeable = False  # it is the user's, or another node's
    return joined
