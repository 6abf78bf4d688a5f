"""Symmetric matrices as packed lower triangles: changes, products, or both in one pass."""

from __future__ import annotations

from nodegraph.compiling.emission.moves import moved_to
from nodegraph.compiling.emission.values import Values
from nodegraph.compiling.ir import Op
from nodegraph.compiling.prelude import LLVM

__all__ = ["triangles"]


def triangles(v: Values, op: Op, also: Op | None) -> None:
    """Change symmetric matrices (rankone), or multiply by them (symv); `also` multiply by them."""
    units, b = op.args[0].ndim == 2, v.b
    change = op if op.kind == "rankone" else None
    product = op if change is None else also
    arguments = _matrices(v, op, units)
    if change is not None:
        arguments += _change(v, change, units)
    if product is not None:
        arguments += _product(v, product, units)
    arguments += [f"i64 {b.size(d)}" for d in op.args[1].dims[::-1]]
    which = ("" if change is None else "rank") + ("" if product is None else "sym")
    name = b.need(f"{which}{'' if units else '1'}_{op.dtype}")
    b.do(f"call void {name}({', '.join(arguments)})")


def _matrices(v: Values, op: Op, units: bool) -> list[str]:
    """Return where the triangles are; of many, how far apart their numbers are too."""
    if op.kind == "rankone":
        store = moved_to(v, op.args[0], op)
        pointer = v.b.pointer(store)
        strides = v.b.strides(store) if units else []
    else:
        pointer, strides = v.address(op.args[0])
    return [f"ptr {pointer}", *(f"i64 {apart}" for apart in strides[1:])]


def _change(v: Values, op: Op, units: bool) -> list[str]:
    _, k, scale, growth = op.args
    if not units:
        T, numbers = LLVM[op.dtype], [v.value(part, ()) for part in (scale, growth)]
        return [f"ptr {v.address(k)[0]}", *(f"{T} {number}" for number in numbers)]
    (at, strides), (scales, _), (growths, _) = (v.address(part) for part in (k, scale, growth))
    return [f"ptr {at}", f"i64 {strides[1]}", f"ptr {scales}", f"ptr {growths}"]


def _product(v: Values, op: Op, units: bool) -> list[str]:
    (at, strides), goal = v.address(op.args[1]), v.memory.storage[op]
    if not units:
        return [f"ptr {at}", f"ptr {v.b.pointer(goal)}"]
    apart = v.b.strides(goal)[1]
    return [f"ptr {at}", f"i64 {strides[1]}", f"ptr {v.b.pointer(goal)}", f"i64 {apart}"]
