"""Symmetric matrices as packed lower triangles: changes, products, or both in one pass."""

from __future__ import annotations

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.loops import loop
from nodegraph.compiling.emission.moves import moved_to
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Dim, Op
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude import LANES, LLVM

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
    arguments = [f"ptr {pointer}"]
    if change is not None:
        T, numbers = LLVM[op.dtype], [v.value(part, ()) for part in change.args[2:]]
        arguments += [f"ptr {v.address(change.args[1])[0]}", *(f"{T} {n}" for n in numbers)]
    if product is not None:
        goal = b.pointer(v.memory.storage[product])
        arguments += [f"ptr {v.address(product.args[1])[0]}", f"ptr {goal}"]
    name = b.need(f"{which}1_{op.dtype}")
    b.do(f"call void {name}({', '.join(arguments)}, i64 {b.size(vectors.dims[0])})")


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
        arguments = [f"ptr {at}"]
        for place, apart in own:
            arguments.append(f"ptr {b.shifted(place, first, op.dtype)}")
            arguments += [] if apart is None else [f"i64 {apart}"]
        left = b.put(f"sub i64 {b.size(units)}, {first}")
        few = b.put(f"icmp slt i64 {left}, {LANES}")
        count = b.put(f"select i1 {few}, i64 {left}, i64 {LANES}")
        call = ", ".join([*arguments, f"ptr {room}", f"i64 {b.size(q)}", f"i64 {count}"])
        b.do(f"call void {b.need(name)}({call})")

    loop(b, [b.size(op.args[0].dims[0])], False, group)


def _change(v: Values, op: Op) -> list[tuple[str, Index | None]]:
    """Return where k, scale and growth are, and how far apart numbers of the same k."""
    (k, strides), *others = (v.address(part) for part in op.args[1:])
    return [(k, strides[1]), *((place, None) for place, _ in others)]


def _product(v: Values, op: Op) -> list[tuple[str, Index | None]]:
    (x, strides), goal = v.address(op.args[1]), v.memory.storage[op]
    return [(x, strides[1]), (v.b.pointer(goal), v.b.strides(goal)[1])]
