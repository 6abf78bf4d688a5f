"""Execute a plan in this process. This is the meaning; other engines must agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines.bound_node import BoundNode, ChunkContext
from nodegraph.engines.loops import fuse
from nodegraph.engines.loops_side_by_side import LoopPart
from nodegraph.engines.request import Request
from nodegraph.engines.slot import DelayLine, Slot, are_bounded, check_bounds, filled
from nodegraph.engines.vitals import Sample
from nodegraph.graph.blocks import Block
from nodegraph.graph.plan import Plan

__all__ = ["Sweep", "execute"]

NEAR = 1 << 22  # numbers that many series are learned from at a time


def execute(
    plan: Plan, slots: dict[str, Slot], chunks: Iterable[Chunk], request: Request
) -> Iterator[dict[str, Array]]:
    """Move every node of `plan` on, chunk by chunk; `slots` are updated.

    Yields
    ------
    dict of ndarray, shape (n_steps, n_out)
        For each chunk the outputs of ``work.wanted``.

    Raises
    ------
    DivergenceError
        If an output is no longer finite, or larger than can be worked with.
    """
    clock = request.clock
    for number, chunk in enumerate(chunks):
        sweep = Sweep(plan, slots, chunk, request, clock)
        sweep.go(number)
        clock += chunk.n_steps
        if request.vitals is not None:
            request.vitals.take(plan.reads, chunk, sweep.sample)
        yield sweep.wanted()
        if request.checkpointer is not None:
            request.checkpointer.moved_on(clock - request.clock)


class Sweep:
    """One chunk on its way through the blocks.

    Parameters
    ----------
    plan : Plan
    slots : dict of Slot
        Of the nodes of the plan, and of those outside it that they read from.
    chunk : Chunk
    work : Request
    clock : int
        The number of the chunk's first step.
    """

    def __init__(
        self, plan: Plan, slots: dict[str, Slot], chunk: Chunk, request: Request, clock: int
    ):
        self.slots, self.chunk, self.clock, self.plan = slots, chunk, clock, plan
        heads = {name for name, node in plan.nodes.items() if node.own_head}
        known = [name for name in chunk.targets if name in slots and name not in heads]
        taught = {name: self._teacher(name, chunk.targets[name]) for name in known}
        self.context = ChunkContext(plan, slots, chunk, request, clock, {}, taught)
        self.lines = self.context.lines
        self._at = ""  # who is at work
        for name, rows in chunk.known.items():
            self.receive(name, rows)

    def bound_node(self, name: str) -> BoundNode:
        """Return the place of one node in this chunk."""
        return BoundNode(self.context, name)

    def is_steady(self, block: Block) -> bool:
        """Tell whether the first node of a block does nothing but run."""
        return self.bound_node(block.names[0]).steady

    def wanted(self) -> dict[str, Array]:
        """Return the outputs of the nodes that were asked for."""
        return {name: self.outputs(name) for name in self.context.request.wanted}

    def outputs(self, name: str) -> Array:
        """Return the outputs of a node."""
        return self.lines[name].rows(0, self.chunk.n_steps)

    def sample(self, name: str, rows: Array) -> Sample:
        """Return what a node read and gave out at some of the steps."""
        sources = dict(self.bound_node(name).ports)["x"]
        parts = [source.rows[source.zero + rows] for source in sources]
        return Sample(np.concatenate(parts, axis=1), self.outputs(name)[rows])

    def go(self, number: int) -> None:
        """Let all nodes live through the chunk, the one with this number, and close it."""
        with self.placing(f", chunk {number}"):
            for block in self.plan.blocks:
                self.run(block)
        self.close()

    @contextmanager
    def placing(self, chunk: str = "") -> Iterator[None]:
        """Let every error in here have a note with the node, the chunk and its steps."""
        try:
            yield
        except Exception as error:
            last = self.clock + self.chunk.n_steps - 1
            steps = "" if self.chunk.lengths else f"{chunk}: steps {self.clock} to {last}"
            error.add_note(f"in node {self._at!r}{steps}")
            raise

    def run(self, block: Block) -> None:
        """Let the nodes of a block live through the chunk."""
        if block.span is None:
            (self._at,) = block.names
            self.put(self._at, self._swept(self.bound_node(self._at)))
        else:
            self._loop(block.names, block.span)

    def _swept(self, bound_node: BoundNode) -> Array:
        """Return the outputs of a node in the chunk."""
        n_steps = self.chunk.n_steps
        if not self.chunk.lengths:
            return bound_node.live(0, n_steps)
        if not bound_node.learns:
            return bound_node.run_in_a_row()
        rows = max(1, NEAR // max(1, bound_node.widths["x"]))
        parts = [bound_node.live(at, min(at + rows, n_steps)) for at in range(0, n_steps, rows)]
        return np.concatenate(parts)

    def put(self, name: str, ys: Array) -> None:
        """Keep the outputs of a node."""
        self.receive(name, ys)
        self._check_bounds(name)

    def receive(self, name: str, ys: Array | None) -> None:
        """Take outputs that were made elsewhere; None: those of this chunk come too late for it."""
        n_steps = self.chunk.n_steps
        self.lines[name] = DelayLine(self.slots[name].past, ys, self.plan.lag(name), n_steps)

    def _loop(self, names: tuple[str, ...], span: int) -> None:
        """Run a feedback loop: compiled, or in Python `span` steps at a time."""
        n, self._at = self.chunk.n_steps, names[0]
        bound_nodes, lines = self.loop_part(names)
        if not fuse(bound_nodes, lines, self.clock, n):
            for start in range(0, n, span):
                stop = min(start + span, n)
                for bound_node, line in zip(bound_nodes, lines, strict=True):
                    self._at = bound_node.name
                    line.rows(start, stop)[:] = bound_node.live(start, stop)
        self.check_loop(names)

    def loop_part(self, names: tuple[str, ...]) -> LoopPart:
        """Return the nodes of a loop, and where their outputs are to go."""
        for name in names:
            held = int(self.plan.nodes[name].every > 1)  # it looks at its own last output
            lag = max(held, self.plan.lag(name))
            self.lines[name] = DelayLine(self.slots[name].past, None, lag, self.chunk.n_steps)
        bound_nodes = [self.bound_node(name) for name in names]
        return LoopPart(bound_nodes, [self.lines[name] for name in names])

    def check_loop(self, names: tuple[str, ...]) -> None:
        """Refuse what the nodes of a loop heard or gave out, if it is out of bounds."""
        for name in names:
            self._at = name  # it is named if something is wrong
            if self.plan.nodes[name].limits:
                self.bound_node(name).check_limits(0, self.chunk.n_steps)
            self._check_bounds(name)

    def close(self) -> None:
        """Leave the last outputs and teachers where the next chunk looks for them."""
        for name, line in self.lines.items():
            self.slots[name].past = line.new_past()
        for name, line in self.context.taught.items():
            self.slots[name].taught = line.new_past()

    def _teacher(self, name: str, rows: Array) -> DelayLine:
        slot = self.slots[name]
        past = slot.past if slot.taught is None else slot.taught
        return DelayLine(past, filled(rows, past[-1]), len(past), self.chunk.n_steps)

    def _check_bounds(self, name: str) -> None:
        ys, last = self.lines[name].rows(0, self.chunk.n_steps), self.slots[name].past[-1:]
        chunk = self.chunk
        given = *chunk.data.values(), *chunk.targets.values(), *chunk.known.values()
        passes = self.plan.nodes[name].gaps == "passes"  # it gives out what came in
        if passes or self.lines[name].bounded or are_bounded(ys):
            return
        for part, *own in zip(*map(chunk.parts, (ys, *given)), strict=True):
            check_bounds(name, part, last, self.clock, own, self.plan.nodes[name].remedy)
