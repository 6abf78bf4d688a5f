"""Symmetric matrices as packed lower triangles: changes, products, or both in one pass."""

from __future__ import annotations

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.elementwise import moved_to
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Dim, Op
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude.triangles import LANES

__all__ = ["triangles"]


def triangles(v: Values, op: Op, also: Op | None) -> None:
    """Change symmetric matrices (rankone), or multiply by them (symv); `also` multiply by them."""
    b, vectors = v.b, op.args[1]
    change = op if op.kind == "rankone" else None
    product = op if change is None else also
    which = ("" if change is None else "rank") + ("" if product is None else "sym")
    pointer, strides = _matrices(v, op)
    if vectors.ndim == 2:
        _groups(v, op, f"{which}_{op.dtype}", pointer, strides, change, product)
        return
    own = []
    if change is not None:
        numbers = [v.value(part, ()) for part in change.args[2:]]
        own = [v.address(change.args[1])[0], *numbers]
    if product is not None:
        goal = b.pointer(v.memory.storage[product])
        own += [v.address(product.args[1])[0], goal]
    b.do(b.call(f"{which}1_{op.dtype}", pointer, *own, b.size(vectors.dims[0])))


def _matrices(v: Values, op: Op) -> tuple[str, list[Index]]:
    """Return where the triangles are, and how far apart their numbers."""
    if op.kind == "symv":
        return v.address(op.args[0])
    store = moved_to(v, op.args[0], op)
    return v.b.pointer(store), v.b.strides(store)


def _groups(
    v: Values, op: Op, name: str, pointer: str, strides: list[Index], change: Op | None,
    product: Op | None,
) -> None:  # fmt: skip
    """Write a loop over groups of matrices that lie side by side."""
    b, (units, q) = v.b, op.args[1].dims
    room = b.pointer(Storage(("buffer", op.number, "vectors"), (Dim(5), Dim(LANES), q), op.dtype))
    own = (_change(v, change) if change else []) + (_product(v, product) if product else [])

    def group(names: list[str], tag: str) -> None:
        first = b.times(names[0], LANES)
        at = b.shifted(pointer, b.times(names[0], strides[0]), op.dtype)
        arguments = [at]
        for place, *apart in own:
            arguments += [b.shifted(place, first, op.dtype), *apart]
        left = b.put(f"sub i64 {b.size(units)}, {first}")
        few = b.put(f"icmp slt i64 {left}, {LANES}")
        count = b.put(f"select i1 {few}, i64 {left}, i64 {LANES}")
        b.do(b.call(name, *arguments, room, b.size(q), count))

    b.loop([b.size(op.args[0].dims[0])], False, group)


def _change(v: Values, op: Op) -> list[tuple[Index, ...]]:
    """Return where k, scale and growth are, and how far apart numbers of the same k."""
    (k, strides), *others = (v.address(part) for part in op.args[1:])
    return [(k, strides[1]), *((place,) for place, _ in others)]


def _product(v: Values, op: Op) -> list[tuple[Index, ...]]:
    (x, strides), goal = v.address(op.args[1]), v.memory.storage[op]
    return [(x, strides[1]), (v.b.pointer(goal), v.b.strides(goal)[1])]
