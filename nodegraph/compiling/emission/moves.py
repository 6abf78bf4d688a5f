"""Arrays put together of parts, changed in parts, or in another shape."""

from __future__ import annotations

from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.elementwise import copied
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.planning.reads import aligned
from nodegraph.compiling.planning.storage import Storage

__all__ = ["concat", "moved_to", "put", "reshape"]


def moved_to(v: Values, base: Op, op: Op) -> Storage:
    """Return the place of `op`, with `base` in it, which `op` changes."""
    store = v.memory.storage[op]
    if not v.memory.together(base, op):
        copied(v, base, store)
        v.forget()
    return store


def concat(v: Values, op: Op) -> None:
    """Write parts one behind the other along an axis."""
    (axis,), b = op.attrs, v.b
    store = v.memory.storage[op]
    strides = b.strides(store)
    so_far: Index = 0
    for part in op.args:
        base = b.times(so_far, strides[axis])
        v.forget()

        def body(where: list[Index], tag: str, part: Op = part, base: Index = base) -> None:
            value = v.value(part, where, tag)
            b.store_at(store, b.plus(base, b.place(strides, where)), value, tag)

        b.nest(part.dims, store.order, True, body)
        so_far = b.plus(so_far, b.size(part.dims[axis]))


def put(v: Values, op: Op) -> None:
    """Write ``base[spec] = new``."""
    base, new, *indices = op.args
    spec, dims = op.attrs[0], op.value
    shape = tuple(d.value for d in dims)
    store = moved_to(v, base, op)

    def body(where: list[Index], tag: str) -> None:
        value = v.value(new, aligned(new, shape, where, 0), tag)
        v.b.store(store, v.source(spec, (base, *indices), where, tag), value, tag)

    once = all(part[0] != "take" for part in spec)  # else a place may come twice
    v.b.nest(dims, _order_of_put(spec, store, len(dims)), once, body)


def _order_of_put(spec: Any, store: Storage, rank: int) -> list[int]:
    """Return the axes of what is put, from the fastest in memory on."""
    found: list[int] = []
    for part in (spec[axis] for axis in store.order):
        if part[0] == "ax" and part[1] not in found:
            found.append(part[1])
        elif part[0] == "take":
            found += [k for k in part[2] if k is not None and k not in found]
    return found + [k for k in range(rank) if k not in found]


def reshape(v: Values, op: Op) -> None:
    """Write numbers in the order of C in another shape; `kept` axes stay in front."""
    (arg,), kept, b = op.args, op.attrs, v.b
    store = v.memory.storage[op]
    strides = b.strides_of(arg.dims[kept:], range(arg.ndim - kept)[::-1])
    if kept:
        n = b.size(arg.dims[0])
        strides = [1, *(b.product(k, n) for k in strides)]

    def body(where: list[Index], tag: str) -> None:
        value = v.value(arg, where, tag)
        b.store_at(store, b.place(strides, where), value, tag)

    b.nest(arg.dims, range(arg.ndim), True, body)
