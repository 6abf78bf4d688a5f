"""Execute a plan over many series at once, to the bits that each has alone."""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.arrays import Array
from nodegraph.data.series import Chunk
from nodegraph.engines.joined_lessons import is_joinable, learn_joined
from nodegraph.engines.local import Sweep
from nodegraph.engines.loops_side_by_side import fuse_many
from nodegraph.engines.request import Request
from nodegraph.engines.slot import Slot
from nodegraph.errors import placed
from nodegraph.graph.blocks import Block
from nodegraph.graph.plan import Plan

__all__ = ["execute_many"]


def execute_many(
    plan: Plan, places: Sequence[dict[str, Slot]], chunks: Sequence[Chunk], request: Request
) -> list[dict[str, Array]]:
    """Do what `execute` does to many independent series of one chunk each, side by side.

    What the nodes in ``work.learn`` have learned and remember is handed on from series to series.
    """
    sweeps = [
        Sweep(plan, slots, chunk, request, request.clock)
        for slots, chunk in zip(places, chunks, strict=True)
    ]
    for block in plan.blocks:
        if block.span is None and sweeps[0].is_steady(block):
            with placed(f"in node {block.names[0]!r}"):
                _side_by_side(block.names[0], sweeps)
            continue
        waiting = sweeps if block.span is None else _loop_side_by_side(block, sweeps)
        _in_turn(block, sweeps[0], waiting)
    for sweep in sweeps:
        sweep.close()
        if request.vitals is not None:
            request.vitals.take(plan.reads, sweep.chunk, sweep.sample, len(sweeps))
    return [sweep.wanted() for sweep in sweeps]


def _side_by_side(name: str, sweeps: Sequence[Sweep]) -> None:
    """Run one node over all series at once."""
    bound_nodes = [sweep.bound_node(name) for sweep in sweeps]
    inputs = [
        bound_node.inputs(0, sweep.chunk.n_steps)
        for bound_node, sweep in zip(bound_nodes, sweeps, strict=True)
    ]
    ports = {port: [rows[port] for rows in inputs] for port in inputs[0]}
    if not bound_nodes[0].slot.kept.ran:
        bound_nodes[0].try_step(inputs[0])
    states = [bound_node.slot.state for bound_node in bound_nodes]
    states, series = bound_nodes[0].prepared.run_many(states, ports.pop("x"), **ports)
    for sweep, bound_node, state, ys in zip(sweeps, bound_nodes, states, series, strict=True):
        bound_node.slot.state = state
        sweep.put(name, ys)


def _loop_side_by_side(block: Block, sweeps: Sequence[Sweep]) -> list[Sweep]:
    """Run a loop over all series at once; return those that have to go through it one by one."""
    waiting = fuse_many([sweep.loop_part(block.names) for sweep in sweeps], sweeps[0].clock)
    for i, sweep in enumerate(sweeps):
        if i not in waiting:
            with sweep.placing():
                sweep.check_loop(block.names)
    return [sweeps[i] for i in sorted(waiting)]


def _in_turn(block: Block, before: Sweep, waiting: Sequence[Sweep]) -> None:
    """Let series go through a block one by one, from where its rows can be taken together on."""
    alike = all(sweep.chunk.number is None for sweep in waiting)
    for i, sweep in enumerate(waiting):
        _hand_on(block, before, sweep)
        if alike and block.span is None and is_joinable(block.names[0], sweep):
            with placed(f"in node {block.names[0]!r}"):
                learn_joined(block.names[0], waiting[i:])
            return
        with sweep.placing():
            sweep.run(block)
        before = sweep


def _hand_on(block: Block, before: Sweep, sweep: Sweep) -> None:
    for name in sweep.context.request.learn.intersection(block.names):
        slot, last = sweep.slots[name], before.slots[name]
        params, memory, last.memory = last.params, last.memory, None  # which would hold its rows
        slot.params, slot.memory = params, memory
