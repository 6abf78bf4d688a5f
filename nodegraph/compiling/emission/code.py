"""The text of a step: group by group, regions within."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodegraph.compiling.emission import elementwise, products
from nodegraph.compiling.emission.builder import Builder
from nodegraph.compiling.emission.products import triangles
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.planning.items import Block, Group, Root
from nodegraph.compiling.planning.plan import Plan

__all__ = ["Code"]

_KINDS: dict[str, Callable[[Values, Any], None]] = {
    "elem": elementwise.number, "concat": elementwise.concat, "put": elementwise.put,
    "reshape": elementwise.reshape, "contract": products.contract, "reduce": products.reduce,
    "scan": products.scan, "sparse": products.sparse, "sparsescan": products.sparse_scan,
}  # fmt: skip


class Code:
    """The text of one step, and what its table of arguments has to hold.

    Parameters
    ----------
    plan : Plan
    io : dict
        The place in ``io`` of ``"y"``, ``"x"`` and other rows.
    dtype : str
        The precision of the model, f8 or f4.
    """

    def __init__(self, plan: Plan, io: dict[Any, int], dtype: str):
        b = Builder(io)
        self.values = Values(plan, b)
        self._write(plan.groups)
        self.text, self.linked = b.module(dtype), b.linked()
        self.slots, self.numbers, self.buffers = b.slots, b.numbers, b.buffers

    def _write(self, groups: list[Group]) -> None:
        for group in groups:
            self.values.forget()
            roots = [item for item in group.items if isinstance(item, Root)]
            if group.fusable:
                elementwise.fused(self.values, roots)
            else:
                self._alone(group.items[0])
            for root in roots:
                self.values.done |= {root.op} if root.also is None else {root.op, root.also}
        self.values.forget()

    def _alone(self, item: Any) -> None:
        if isinstance(item, Block):
            self._block(item)
        elif item.op.kind in ("rankone", "symv"):
            triangles(self.values, item.op, item.also)
        else:
            _KINDS[item.op.kind](self.values, item.op)

    def _block(self, block: Block) -> None:
        """Write a loop or a branch; what is known in it is not known behind it."""
        v, count = self.values, block.body.count
        kept, done = dict(v.numbers), set(v.done)
        if count is not None:
            with v.b.repeat(v.b.constant(count)):
                self._write(block.groups)
        else:
            with v.b.branch(v.value(block.outs[0].args[0], ()), both=True) as otherwise:
                self._write(block.groups)
                self._outcome(block, 1)
                v.numbers, v.done = kept, done
                otherwise()
                self._outcome(block, 2)
        v.numbers, v.done = kept, done | set(block.outs)
        v.forget()

    def _outcome(self, block: Block, i: int) -> None:
        """Copy what comes out, where it was not made in its place."""
        for out in block.outs:
            if not self.values.memory.together(out.args[i], out):
                self.values.forget()
                elementwise.copied(self.values, out.args[i], self.values.memory.storage[out])
