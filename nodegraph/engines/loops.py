"""Nodes that go step by step, moved on by one compiled loop instead of Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import c_int64, c_void_p
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling.cache_lines import address
from nodegraph.compiling.drivers import advance, drive
from nodegraph.compiling.ir import code_of
from nodegraph.engines.bound_node import BoundNode, RowSource
from nodegraph.engines.prepared import StepCode
from nodegraph.engines.slot import LARGEST, DelayLine
from nodegraph.graph.node import Node
from nodegraph.graph.rule import Rule

__all__ = ["FEWEST", "Instruction", "Program", "fits", "fuse"]

FEWEST = 8  # steps from which on a program is worth its making


class Instruction(NamedTuple):
    """One node of a program: its step, where its output goes, and what it reads."""

    node: Node
    code: StepCode
    out: RowSource
    ports: Sequence[tuple[str, Sequence[RowSource]]]
    rule: Rule | None = None  # that it learns by, if that is not its own


class Program:
    """Compiled steps of several nodes, in their order.

    Rows are rings: step t is in row ``(zero + t) % len(rows)``.

    Parameters
    ----------
    instructions : sequence of Instruction
    clock : int
        The number of step 0, for nodes on a clock.
    dtype : dtype
        Of all arrays that steps read and write.
    data : sequence of (ndarray, bool)
        Rings of rows that come from outside, of which step t reads row ``t % len(rows)``, and
        whether they are targets, which may be missing (all NaN).
    """

    def __init__(
        self,
        instructions: Sequence[Instruction],
        clock: int,
        dtype: np.dtype[Any],
        data: Sequence[tuple[Array, bool]] = (),
    ):
        self.alive: list[Any] = [instructions]  # addresses do not keep what they point to
        code = code_of(dtype)
        self._drive, self._advance = drive(code), advance(code, LARGEST[dtype.itemsize])
        places = [_places(instruction) for instruction in instructions]
        io = np.zeros((len(instructions), max(map(len, places))), np.int64)
        nodes, ports, parts = [], [], []
        for k, instruction in enumerate(instructions):
            phase = (instruction.node.phase - clock) % instruction.node.every
            nodes.append(
                (
                    instruction.code.function,
                    self._address(self._numbers(instruction.code.arguments)),
                    self._address(io[k]),
                    *self._ring(instruction.out),
                    instruction.node.every,
                    phase,
                    len(instruction.ports),
                )
            )
            for port, sources in instruction.ports:
                own = [self._ring(source) for source in sources]
                parts += own
                width = sum(ring[-1] for ring in own)
                scratch = self._address(np.empty(width, dtype)) if len(own) > 1 else 0
                ports.append((places[k][port], scratch, len(own)))
        rings = [(self._address(a), a.shape[1], len(a), is_target) for a, is_target in data]
        tables = [
            self._address(np.array(table, np.int64)) for table in (nodes, ports, parts, rings)
        ]
        table = self._address(np.array([*tables, len(nodes), len(rings)], np.int64))
        # what is of ctypes already is passed on faster than numbers
        self._table, self._start, self._stop = c_void_p(table), c_int64(), c_int64()
        self._codes = [instruction.code for instruction in instructions]

    def _numbers(self, arguments: Iterable[Any]) -> Array:
        if isinstance(arguments, np.ndarray):
            return arguments
        return np.array(
            [self._address(a) if isinstance(a, np.ndarray) else int(a) for a in arguments], np.int64
        )

    def _address(self, array: Array) -> int:
        self.alive.append(array)
        return address(array)

    def _ring(self, source: RowSource) -> tuple[int, int, int, int]:
        rows = np.ascontiguousarray(source.rows)
        return self._address(rows), source.zero, max(1, len(rows)), rows.shape[1]

    def run(self, start: int, stop: int) -> None:
        """Move on from step `start` to `stop`."""
        self.expect(stop - start)
        self._drive(self._table, start, stop)

    def expect(self, n_steps: int) -> None:
        """Make ready to move on by so many steps more."""
        for code in self._codes:
            code.expect(n_steps)

    def advance(self, start: int, stop: int) -> bool:
        """Move on from step `start` to `stop`; tell whether all that came and went is finite.

        Who moves on by many steps, however few at a time, says so to `expect`.
        """
        self._start.value, self._stop.value = start, stop
        return bool(self._advance(self._table, self._start, self._stop))


def fuse(
    bound_nodes: Sequence[BoundNode], lines: Sequence[DelayLine], clock: int, n_steps: int
) -> bool:
    """Run a loop for a whole chunk in one program; return False if there is none for it.

    Parameters
    ----------
    bound_nodes, lines : sequence
        The nodes in their order, and where their outputs go.
    clock : int
        The number of the chunk's first step.
    n_steps : int
    """
    dtype = bound_nodes[0].slot.past.dtype
    if n_steps < FEWEST or not all(fits(bound_node, dtype) for bound_node in bound_nodes):
        return False
    codes = [bound_node.step_code() for bound_node in bound_nodes]
    instructions = []
    for bound_node, line, code in zip(bound_nodes, lines, codes, strict=True):
        if code is None or code.n_out not in (None, line.buffer.shape[1]):
            return False
        instructions.append(
            Instruction(bound_node.node, code, RowSource(line.buffer, line.depth), bound_node.ports)
        )
    instructions = [
        instruction._replace(ports=_whole(bound_node))
        for bound_node, instruction in zip(bound_nodes, instructions, strict=True)
    ]
    Program(instructions, clock, dtype).run(0, n_steps)
    for bound_node, instruction in zip(bound_nodes, instructions, strict=True):
        bound_node.slot.state = instruction.code.unpack(instruction.code.state)
        instruction.code.release()
    return True


def _places(instruction: Instruction) -> dict[str, int]:
    """Return the place in ``io`` of each row: output, ports, noise, target, ports of the rule."""
    rule = instruction.rule or instruction.node.learner
    own = () if rule is None else rule.ports
    rows = ("y", *instruction.node.step_ports, "noise", "target", *own)
    return {port: i for i, port in enumerate(rows)}


def fits(bound_node: BoundNode, dtype: np.dtype[Any]) -> bool:
    """Tell whether all that a node reads is of one type."""
    return all(source.rows.dtype == dtype for _, sources in bound_node.ports for source in sources)


def _whole(bound_node: BoundNode) -> list[tuple[str, Sequence[RowSource]]]:
    """Return all that a node reads during a chunk, noise and target included."""
    noise, target = bound_node.noise(bound_node.context.chunk.n_steps), bound_node.masked_target()
    extra = {"noise": noise, "target": target}
    given = [(port, [RowSource(rows, 0)]) for port, rows in extra.items() if rows is not None]
    return [*bound_node.ports, *given]
