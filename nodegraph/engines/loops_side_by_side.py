"""Feedback loops of many series at once: one compiled program, with a series in each lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.engines.bound_node import BoundNode, RowSource
from nodegraph.engines.loops import FEWEST, Instruction, Program, fits
from nodegraph.engines.prepared import LanesCode
from nodegraph.engines.slot import DelayLine, are_bounded
from nodegraph.graph.node import Node

__all__ = ["LoopPart", "fuse_many"]

LANES, SOME = 32, 16  # series of a program
FEW = 6  # series from which on lanes are faster than one after the other


class LoopPart(NamedTuple):
    """The nodes of a loop in one series, in their order, and where their outputs go."""

    bound_nodes: Sequence[BoundNode]
    lines: Sequence[DelayLine]

    @property
    def n_steps(self) -> int:
        """How many steps the series has."""
        return self.lines[0].n_steps


def fuse_many(parts: Sequence[LoopPart], clock: int) -> list[int]:
    """Run a loop for many series in one program; return which of them still wait to be run.

    Each series has the bits that it has alone.

    Parameters
    ----------
    parts : sequence of LoopPart
        The same nodes in each.
    clock : int
        The number of the first step.
    """
    order = sorted(range(len(parts)), key=lambda i: -parts[i].n_steps)
    lanes = LANES if len(parts) >= LANES else SOME
    groups = [order[k : k + lanes] for k in range(0, len(order), lanes)]
    worth = [one for one in groups if len(one) >= FEW and parts[one[0]].n_steps >= FEWEST]
    codes = _codes(parts[0], lanes) if worth else []
    if not codes:
        return order
    for group in worth:
        _Group([parts[i] for i in group], lanes).run(codes, clock)
    for code in codes:
        code.release()
    return [i for group in groups if group not in worth for i in group]


def _codes(part: LoopPart, lanes: int) -> list[LanesCode]:
    """Return the step of each node for so many series; none if one of them has none."""
    dtype = part.bound_nodes[0].slot.past.dtype
    found: list[LanesCode] = []
    for node in part.bound_nodes:
        code = None if node.learns or not fits(node, dtype) else node.lanes_code(lanes)
        if code is None:
            return []
        found.append(code)
    return found


class _Group:
    """As many series as there are lanes, or fewer; the first of them is the longest."""

    def __init__(self, parts: Sequence[LoopPart], lanes: int):
        self.parts, self.lanes = parts, lanes
        self.lengths = [part.n_steps for part in parts]
        self._joined: dict[int, tuple[Array, Array]] = {}  # rows of the first, and of all

    def run(self, codes: Sequence[LanesCode], clock: int) -> None:
        """Move all series on by all their steps."""
        together = [self._line(k) for k in range(len(codes))]
        instructions = []
        for k, (code, rows) in enumerate(zip(codes, together, strict=True)):
            node, line = self.parts[0].bound_nodes[k].node, self.parts[0].lines[k]
            code.put(self._states(k), self._acts(node, clock))
            out, ports = RowSource(rows, line.depth), self._ports(k)
            instructions.append(Instruction(node, code.step, out, ports))
        Program(instructions, clock, together[0].dtype).run(0, self.lengths[0])
        for k, (code, rows) in enumerate(zip(codes, together, strict=True)):
            after, bounded = code.take(self._states(k)), are_bounded(rows)
            for lane, part in enumerate(self.parts):
                line = part.lines[k]
                part.bound_nodes[k].slot.state = after[lane]
                whole = self._apart(rows)[: line.depth + line.n_steps, :, lane]
                line.lie_in(whole, bounded)

    def _states(self, k: int) -> list[Any]:
        return [part.bound_nodes[k].slot.state for part in self.parts]

    def _acts(self, node: Node, clock: int) -> list[int]:
        """Return at how many steps a node acts in each series."""
        every, phase = node.every, (node.phase - clock) % node.every
        return [max(0, -(-(n - phase) // every)) for n in self.lengths]

    def _apart(self, rows: Array) -> Array:
        return rows.reshape(len(rows), -1, self.lanes)

    def _line(self, k: int) -> Array:
        """Return the rows for the outputs of a node, with its past before them."""
        lines = [part.lines[k] for part in self.parts]
        depth, width = lines[0].depth, lines[0].buffer.shape[1]
        rows = np.zeros((depth + self.lengths[0], width * self.lanes), lines[0].buffer.dtype)
        for lane, line in enumerate(lines):
            self._apart(rows)[:depth, :, lane] = line.buffer[:depth]
        self._joined[id(lines[0].buffer)] = lines[0].buffer, rows
        return rows

    def _ports(self, k: int) -> list[tuple[str, list[RowSource]]]:
        """Return what a node reads, of all series, noise included."""
        nodes = [part.bound_nodes[k] for part in self.parts]
        ports = []
        for i, (port, sources) in enumerate(nodes[0].ports):
            each = [[node.ports[i][1][j] for node in nodes] for j in range(len(sources))]
            ports.append((port, [self._source(one) for one in each]))
        drawn = [node.noise(n) for node, n in zip(nodes, self.lengths, strict=True)]
        noise = [RowSource(rows, 0) for rows in drawn if rows is not None]
        if noise:
            ports.append(("noise", [self._source(noise)]))
        return ports

    def _source(self, sources: Sequence[RowSource]) -> RowSource:
        """Return the rows of one source of all series, side by side."""
        rows, zero = sources[0]
        if id(rows) not in self._joined:
            self._joined[id(rows)] = rows, self._laid([source.rows for source in sources])
        return RowSource(self._joined[id(rows)][1], zero)

    def _laid(self, each: Sequence[Array]) -> Array:
        """Return rows of all series side by side, column by column."""
        first = each[0]
        made = np.zeros((len(first), first.shape[1], self.lanes), first.dtype)
        if len({len(rows) for rows in each}) == 1:
            made[:, :, : len(each)] = np.stack(each).transpose(1, 2, 0)
        else:
            for lane, rows in enumerate(each):
                made[: len(rows), :, lane] = rows
        return made.reshape(len(made), -1)
