"""A model that is stepped by hand: all its nodes in one compiled program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array, copy_tree, leaves
from nodegraph.engines.fused import Mover, Program
from nodegraph.engines.seats import Source
from nodegraph.plan import Plan
from nodegraph.rack import Rack

__all__ = ["Stepper"]


class Stepper:
    """The nodes of a rack, ready to be stepped; `settled` puts what became of them back.

    Parameters
    ----------
    rack : Rack
        It stays as it is.
    plan : Plan
        What runs.
    movers : list of Mover
    data : dict of ndarray, shape (1, n)
        Where the inputs go.
    """

    def __init__(self, rack: Rack, plan: Plan, movers: dict[str, Mover], data: Mapping[str, Array]):
        self._rack, self._movers, self._data = rack, movers, data
        dtype = rack.builder.dtype
        self._program = Program(list(movers.values()), rack.time, dtype)
        self._places = np.array(
            [(rows.ctypes.data, rows.shape[1]) for rows in data.values()], np.int64
        ).reshape(-1, 2)
        self._only = next(iter(data.values()))[0] if len(data) == 1 else None
        states = [a for mover in movers.values() for _, a in leaves(mover.code.state)]
        self._states = [(a, np.empty_like(a)) for a in states if isinstance(a, np.ndarray)]
        self._outputs = {name: movers[name].out for name in plan.outputs}
        self.steps = 0

    @classmethod
    def of(cls, rack: Rack) -> Stepper | None:
        """Return the stepper of what can run, or None if a node has no compiled step."""
        plan = rack.runnable(rack.ready())
        if any(name not in plan.reads for name in plan.outputs):
            return None
        dtype, takes = rack.builder.dtype, rack.builder.data
        data = {name: np.zeros((1, width), dtype) for name, width in takes.items()}
        names = [name for block in plan.blocks for name in block.names]
        outs = {name: _ring(rack.slots[name].past) for name in names}
        movers = {}
        for name in names:
            slot, node = rack.slots[name], plan.nodes[name]
            ports = {
                port: [Source(outs[r.source].rows, outs[r.source].zero - r.delay) for r in group]
                for port, group in plan.reads[name].items()
            }
            if name in data:
                ports["x"] = [Source(data[name], 0), *ports.get("x", [])]
            ports.setdefault("x", [Source(np.zeros((1, 0), dtype), 0)])
            widths = {port: sum(s.rows.shape[1] for s in group) for port, group in ports.items()}
            code = slot.prepared(node).step_code(slot.state, dtype, widths)
            if code is None:
                return None
            movers[name] = Mover(node, code, outs[name], list(ports.items()))
        return cls(rack, plan, movers, data)

    def step(self, x: Any) -> Any:
        """Return the outputs one step later, or None, and nothing moved, if `x` is no plain row."""
        if not self._take(x):
            return None
        for state, before in self._states:
            before[...] = state
        if not self._program.advance(self._places, self.steps):
            for state, before in self._states:
                state[...] = before
            return None
        found = {name: self._now(out) for name, out in self._outputs.items()}
        self.steps += 1
        return found if len(found) > 1 else next(iter(found.values()))

    def _now(self, out: Source) -> Array:
        row: Array = out.rows[(out.zero + self.steps) % len(out.rows)]
        return row.copy()

    def _take(self, x: Any) -> bool:
        """Put the inputs where the program reads them; tell whether they are plain rows."""
        if self._only is not None and not isinstance(x, dict):
            return _put(x, self._only)
        if x is None:
            return not self._data
        if not isinstance(x, dict) or x.keys() != self._data.keys():
            return False
        return all(_put(x[name], rows[0]) for name, rows in self._data.items())

    def settled(self) -> Rack:
        """Return a rack that stands where the steps have led."""
        rack = self._rack.draft()
        for name, mover in self._movers.items():
            slot, out = rack.slots[name], mover.out
            slot.state = mover.code.unpack(copy_tree(mover.code.state))
            recent = np.arange(self.steps - len(slot.past), self.steps) + out.zero
            slot.past = out.rows[recent % len(out.rows)]
        rack.time += self.steps
        return rack


def _ring(past: Array) -> Source:
    """Return rows for the past and for one step more."""
    return Source(np.concatenate([past, np.zeros_like(past[:1])]), len(past))


def _put(x: Any, row: Array) -> bool:
    """Write `x` into `row` if it is a plain row of numbers of the same length."""
    if type(x) is not np.ndarray:
        if not isinstance(x, list | tuple | float | int):
            return False
        try:
            x = np.atleast_1d(np.array(x))
        except ValueError:
            return False
    if x.dtype is not row.dtype:
        return x.dtype.kind in "fiu" and x.shape == row.shape and _put_other(x, row)
    if x.shape != row.shape:
        return False
    row[...] = x
    return True


def _put_other(x: Array, row: Array) -> bool:
    with np.errstate(over="ignore"):  # what overflows is found not to be finite
        row[...] = x
    return True
