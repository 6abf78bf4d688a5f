"""The text of a step: group by group, regions within; elementwise loops, arrays put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nodegraph.compiling.emission import products
from nodegraph.compiling.emission.builder import Builder, Index
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.indexing import gathers
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.items import Block, Group, Root, aligned
from nodegraph.compiling.planning.plan import Plan
from nodegraph.compiling.planning.storage import Storage, first_of

__all__ = ["Code"]


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
        self.text, self.linked = b.modules(dtype)
        self.slots, self.numbers, self.room = b.slots, b.numbers, b.room

    def _write(self, groups: list[Group]) -> None:
        for group in groups:
            self.values.forget()
            roots = [item for item in group.items if isinstance(item, Root)]
            if group.fusable:
                _fused(self.values, roots)
            else:
                self._alone(group.items[0])
            for root in roots:
                self.values.done |= {root.op} if root.also is None else {root.op, root.also}
        self.values.forget()

    def _alone(self, item: Any) -> None:
        if isinstance(item, Block):
            self._block(item)
        elif item.op.kind in ("rankone", "symv"):
            products.triangles(self.values, item.op, item.also)
        else:
            _KINDS[item.op.kind](self.values, item.op)

    def _block(self, block: Block) -> None:
        """Write a loop or a branch; what is known in it is not known behind it."""
        v, b, count = self.values, self.values.b, block.body.count
        kept, done = dict(v.numbers), set(v.done)
        flag = block.outs[0].args[0]
        with b.branch(v.value(flag, ())) if count is None else b.repeat(b.constant(count)):
            self._write(block.groups)
        v.numbers, v.done = kept, done | set(block.outs)
        v.forget()


def _number(v: Values, op: Op) -> None:
    """Work out a number; it stays in a register."""
    v.numbers[op] = value = v.elem(op, (), "")
    if op in v.memory.storage:
        v.b.store(v.memory.storage[op], (), value)


def _fused(v: Values, items: Sequence[Root]) -> None:
    """Write one loop for several operations over the same axes."""
    ops = [item.op for item in items]
    stores = [v.memory.storage[op] for op in ops]
    order = next((s.order for s in stores if s.order), tuple(range(ops[0].ndim)))

    with _over(v, ops, stores, ops[0].dims, order) as (where, tag):
        values = []
        for op in ops:
            value = v.memo[op.number, tuple(where)] = v.elem(op, where, tag)
            values.append(value)
        for op, store, value in zip(ops, stores, values, strict=True):
            if store.buffer and op not in v.plan.outside:
                continue  # nobody outside of the loop looks at it
            v.b.store(store, where, value, tag)


@contextmanager
def _over(
    v: Values, ops: Sequence[Op], stores: Sequence[Storage], dims: Sequence[Any],
    order: Sequence[int],
) -> Iterator[tuple[list[Index], str]]:  # fmt: skip
    """Write loops over axes that know nothing of each other, or one if it will do."""
    b = v.b
    if len(dims) == 1 and dims[0].root().eights:  # places of sparse weights
        eighth = b.put(f"lshr i64 {b.size(dims[0])}, 3")
        with b.loop([eighth, "8"], True) as (names, tag):
            first = b.times(names[0], 8)
            at = b.plus(first, names[1])
            v.eights = {at: (first, names[1])}  # their rows lie side by side
            yield [at], tag
        v.eights = {}
    elif len(dims) < 2 or not _alike(v, ops, stores, tuple(d.value for d in dims), order):
        with b.nest(dims, order, True) as (where, tag):
            yield where, tag
    else:
        size = b.size(dims[0])
        for d in dims[1:]:
            size = b.product(size, b.size(d))
        with b.loop([size], True) as (names, tag):
            yield [names[0] if axis == order[0] else 0 for axis in range(len(dims))], tag


def _alike(
    v: Values, ops: Sequence[Op], stores: Sequence[Storage], shape: Any, order: Sequence[int]
) -> bool:
    """Tell whether all that is read and written lies alike in memory."""
    stack, seen = list(ops), set(ops)
    if any(store.order != order for store in stores):
        return False
    while stack:
        op = stack.pop()
        if op.shape != shape:
            return False
        if v.there(op):
            if v.memory.storage[op].order != order:
                return False
        elif op.kind == "elem":
            more = [a for a in op.args if a.ndim and a not in seen]
            seen.update(more)
            stack += more
        else:
            return False
    return True


def _concat(v: Values, op: Op) -> None:
    """Write parts one behind the other along an axis."""
    (axis,), b = op.attrs, v.b
    store = v.memory.storage[op]
    strides = b.strides(store)
    so_far: Index = 0
    for part in op.args:
        base = b.times(so_far, strides[axis])
        v.forget()
        with b.nest(part.dims, store.order, True) as (where, tag):
            value = v.value(part, where, tag)
            b.store_at(store, b.plus(base, b.place(strides, where)), value, tag)
        so_far = b.plus(so_far, b.size(part.dims[axis]))


def _put(v: Values, op: Op) -> None:
    """Write ``base[spec] = new``."""
    base, new, *indices = op.args
    spec, dims = op.attrs[0], op.value
    shape = tuple(d.value for d in dims)
    store = v.memory.storage[op]

    order = _order_of_put(spec, store, len(dims))
    with v.b.nest(dims, order, not gathers(spec)) as (where, tag):
        value = v.value(new, aligned(new, shape, where, 0), tag)
        v.b.store(store, v.source(spec, (base, *indices), where, tag), value, tag)


def _order_of_put(spec: Any, store: Storage, rank: int) -> list[int]:
    """Return the axes of what is put, from the fastest in memory on."""
    found: list[int] = []
    for part in (spec[axis] for axis in store.order):
        if part[0] == "ax" and part[1] not in found:
            found.append(part[1])
        elif part[0] == "take":
            found += [k for k in part[2] if k is not None and k not in found]
    return found + [k for k in range(rank) if k not in found]


def _reshape(v: Values, op: Op) -> None:
    """Write numbers in the order of C in another shape."""
    (arg,), store, b = op.args, v.memory.storage[op], v.b
    strides = b.strides_of(arg.dims, range(arg.ndim)[::-1])

    with b.nest(arg.dims, first_of(arg.fast, arg.ndim), True) as (where, tag):
        value = v.value(arg, where, tag)
        b.store_at(store, b.place(strides, where), value, tag)


_KINDS: dict[str, Callable[[Values, Any], None]] = {
    "elem": _number, "concat": _concat, "put": _put,
    "reshape": _reshape, "contract": products.contract, "reduce": products.reduce,
    "scan": products.scan, "sparse": products.sparse, "sparsescan": products.sparse_scan,
}  # fmt: skip
