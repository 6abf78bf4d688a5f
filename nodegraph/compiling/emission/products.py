"""Products, sums, extremes and changes of triangles: loops around functions of the prelude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodegraph.compiling.emission.builder import Index
from nodegraph.compiling.emission.values import Values, apply, converted
from nodegraph.compiling.ir import Dim, Op
from nodegraph.compiling.planning.layout import MANY, panels_of, vector_of
from nodegraph.compiling.planning.storage import Storage
from nodegraph.compiling.prelude.blocks import SIZE, literal
from nodegraph.compiling.prelude.panels import panels
from nodegraph.compiling.prelude.triangles import LANES

__all__ = ["contract", "reduce", "scan", "sparse", "sparse_scan", "triangles"]

_COMBINED = {"max": "maximum", "min": "minimum", "any": "logical_or", "all": "logical_and"}


class _Operand:
    """An operand of a product: where it is, and how far apart neighbours of each label are."""

    def __init__(self, v: Values, op: Op, labels: Any):
        self.b, self.dtype = v.b, op.dtype
        self.dims = dict(zip(labels, op.dims, strict=True))
        self.pointer, strides = v.address(op)
        self.strides = dict(zip(labels, strides, strict=True))

    def at(self, where: dict[Any, Index]) -> str:
        """Return the address of the first number of a part."""
        return self.b.shifted(self.pointer, self.b.offset(self.strides, where), self.dtype)


def contract(v: Values, op: Op) -> None:
    """Write ``out[..] = sum over s of a[.., s] b[.., s]``, the axes named by labels."""
    (a, c), (la, lc, out, s, order) = op.args, op.attrs
    vector = vector_of(op)
    if vector not in la:  # series side by side: the operand that they differ in is the vector
        a, c, la, lc = c, a, lc, la
    A, C = _Operand(v, a, la), _Operand(v, c, lc)
    alone = vector == MANY and MANY not in lc and order == "four"
    if alone and la == (s, MANY) and len(out) == 2:
        _many_by_one(v, op, A, C)
        return
    kind = ("vector" if vector in lc else "scalar") + ("32" if order == "lanes" else "4")
    if (part := panels_of(v.memory, a)) is not None:  # no need to say how far columns are apart
        kind, A.pointer = "panels", _first_panel(v, *part)
        A.strides[s] = v.b.pointer(Storage(("buffer", op.number, "turn"), (), "i8"))
    if vector == s:
        kind, first = "dot", out[v.memory.storage[op].order[0]] if out else None
        if first in A.strides and first not in C.strides:  # rows of A, whose sums lie side by side
            kind, vector, A.strides[s] = "dots", first, A.strides[first]
    _summed(v, op, out, A, C, s, vector, kind)


def _first_panel(v: Values, matrix: Storage, row: int) -> str:
    """Return where a part of a matrix begins, whose first row this is."""
    cuts = [cut for cut in matrix.order[3:] if cut < row]
    before = sum(width for _, width in panels(row, SIZE[matrix.dtype], cuts))
    at = v.b.times(v.b.size(Dim(before)), v.b.size(matrix.dims[1])) if before else 0
    return v.b.shifted(v.b.pointer(matrix), at, matrix.dtype)


def _summed(
    v: Values, op: Op, out: Sequence[Any], A: _Operand, C: _Operand | None, s: Any, vector: Any,
    kind: str,
) -> None:  # fmt: skip
    """Write sums over the label s by the prelude's `kind`, which takes all of `vector` at once."""
    b, store, kind = v.b, v.memory.storage[op], f"{kind}_{op.dtype}"
    strides = dict(zip(out, b.strides(store), strict=True))
    dims = (C.dims if C else {}) | A.dims
    loops, n = [label for label in out if label != vector], b.size(dims[s])

    with b.loop([b.size(dims[label]) for label in loops], False) as (names, _):
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        one = A.at(where)
        other, place = C.at(where) if C else one, b.offset(strides, where)
        if vector == s:
            b.store_at(store, place, b.here(b.call(kind, one, other, n)))
            return
        goal = b.shifted(b.pointer(store), place, op.dtype)
        apart = C.strides[s] if C else 0
        b.do(b.call(kind, one, A.strides[s], other, apart, n, goal, b.size(dims[vector])))


def _many_by_one(v: Values, op: Op, many: _Operand, one: _Operand) -> None:
    """Write the product of one matrix and vectors of many series, all rows at once."""
    b, out, s, store = v.b, op.attrs[2], op.attrs[3], v.memory.storage[op]
    (i,) = (label for label in out if label != MANY)
    apart = b.strides(store)[out.index(i)]
    W = one.pointer, one.strides[i], one.strides[s]
    X = many.pointer, many.strides[s], b.size(many.dims[s])
    sizes = b.size(one.dims[i]), b.size(many.dims[MANY])
    b.do(b.call(f"matmany_{op.dtype}", *W, *X, b.pointer(store), apart, *sizes))


def sparse(v: Values, op: Op) -> None:
    """Write the product of a sparse matrix and a vector: 8 rows side by side, or by columns."""
    (before,) = op.attrs
    weights, x, by_column = op.args[:before], op.args[before], op.args[before + 1 :]
    plain, many = ("slices", "many") if before == 3 else ("sorted", "sorted")
    pointer, strides = v.address(x)
    name, more = plain, list[Index]()
    ends = [] if by_column else [v.b.size(weights[2].dims[0])]
    if by_column:
        name, weights = _by_column(v, weights[0], *by_column)
        more = [v.b.size(x.dims[0])]
    elif op.many:
        name, more = f"{many}{op.shape[1]}", [strides[0]]
    stores = [v.memory.storage[part] for part in weights]
    if name == "sorted":
        stores.append(Storage(("buffer", op.number, "sums"), op.dims, op.dtype))
    parts = [v.b.pointer(store) for store in stores]
    y = v.b.pointer(v.memory.storage[op])
    rows = v.b.size(op.dims[0])
    v.b.do(v.b.call(f"{name}_{op.dtype}", *parts, pointer, *more, y, rows, *ends))


def _by_column(
    v: Values, data: Op, values: Op, entries: Op, *lines: Op
) -> tuple[str, tuple[Op, ...]]:
    """Return a function's name, and the weights: as they lie by columns unless they change."""
    if data.kind == "leaf" and data.attrs not in v.plan.finals:
        return "arriving", (values, *lines)
    return "reaching", (data, entries, *lines)


def reduce(v: Values, op: Op) -> None:
    """Write a reduction: sums and the largest by the prelude, all else one by one."""
    (arg,), (name, axis, order) = op.args, op.attrs
    along = order == "lanes" and not arg.many  # numbers of one sum lie side by side
    operand = _Operand(v, arg, range(arg.ndim))
    rest = [i for i in range(arg.ndim) if i != axis]
    if op.dtype not in ("f8", "f4") or not (name == "add" or (name == "max" and along)):
        _plain(v, op, operand, rest)
    elif along:
        _summed(v, op, rest, operand, None, axis, axis, {"add": "add", "max": "top"}[name])
    else:
        which = "sum32" if order == "lanes" else "sum4"
        _summed(v, op, rest, operand, None, axis, arg.fast, which)


def _plain(v: Values, op: Op, operand: _Operand, rest: list[int]) -> None:
    """Go through an axis one by one; the others are inside, so that they can go side by side."""
    (arg,), (name, axis, _), b = op.args, op.attrs, v.b
    store, dtype = v.memory.storage[op], op.dtype
    own = b.strides(store)
    order = [rest[k] for k in store.order][::-1]  # the fastest last
    start = _start(name, dtype)

    with b.loop([b.size(arg.dims[i]) for i in order], True) as (names, tag):
        where: dict[Any, Index] = dict(zip(order, names, strict=True))
        b.store(store, [where[i] for i in rest], start, tag)
    with b.loop([b.size(arg.dims[i]) for i in [axis, *order]], False) as (names, tag):
        where = dict(zip([axis, *order], names, strict=True))
        one = converted(b, b.load_here(operand.at(where), arg.dtype), arg.dtype, dtype)
        place = [where[i] for i in rest]
        goal = b.shifted(b.pointer(store), b.place(own, place), dtype)
        old = b.load_here(goal, dtype)
        new = apply(b, _COMBINED.get(name, name), [old, one], dtype, dtype)
        b.store(store, place, new)


def _start(name: str, dtype: str) -> str:
    """Return what a reduction of nothing is."""
    if name in ("add", "any"):
        return literal(0, dtype)
    if name in ("multiply", "all"):
        return literal(1, dtype)
    low = name == "max"
    if dtype == "i8":
        return str(-(2**63) if low else 2**63 - 1)
    return literal(float("-inf") if low else float("inf"), dtype)


def scan(v: Values, op: Op) -> None:
    """Write what is summed or multiplied up along an axis, several columns side by side."""
    (arg,), (name, axis), b = op.args, op.attrs, v.b
    store, A = v.memory.storage[op], _Operand(v, arg, range(op.ndim))
    own = b.strides(store)
    rest = [i for i in store.order if i != axis]
    side, loops = rest[:1], rest[:0:-1]  # columns beside one another, if there are more than one
    one, other, width = 0, 0, "1"
    for i in side:
        one, other, width = A.strides[i], own[i], b.size(op.dims[i])

    with b.loop([b.size(op.dims[i]) for i in loops], False) as (names, _):
        where: dict[Any, Index] = dict(zip(loops, names, strict=True))
        goal = b.shifted(b.pointer(store), b.offset(dict(enumerate(own)), where), op.dtype)
        source, n = (A.at(where), A.strides[axis], one), b.size(op.dims[axis])
        b.do(b.call(f"scan{name}_{op.dtype}", *source, goal, own[axis], other, n, width))


def sparse_scan(v: Values, op: Op) -> None:
    """Write what each column of sparse weights has summed up to, place by place."""
    b, (rows, columns) = v.b, op.value
    above = Storage(("buffer", op.number, "above"), (columns,), op.dtype)
    arrays = [*(v.memory.storage[part] for part in op.args), above, v.memory.storage[op]]
    name = "slicescan" if len(op.args) == 3 else "sortedscan"
    sizes = map(b.size, (rows, columns, op.args[2].dims[0]))
    b.do(b.call(f"{name}_{op.dtype}", *map(b.pointer, arrays), *sizes))


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
    store = v.memory.storage[op]
    return v.b.pointer(store), v.b.strides(store)


def _groups(
    v: Values, op: Op, name: str, pointer: str, strides: list[Index], change: Op | None,
    product: Op | None,
) -> None:  # fmt: skip
    """Write a loop over groups of matrices that lie side by side."""
    b, (units, q) = v.b, op.args[1].dims
    room = b.pointer(Storage(("buffer", op.number, "vectors"), (Dim(5), Dim(LANES), q), op.dtype))
    own = (_change(v, change) if change else []) + (_product(v, product) if product else [])

    with b.loop([b.size(op.args[0].dims[0])], False) as (names, _):
        first = b.times(names[0], LANES)
        at = b.shifted(pointer, b.times(names[0], strides[0]), op.dtype)
        arguments = [at]
        for place, *apart in own:
            arguments += [b.shifted(place, first, op.dtype), *apart]
        left = b.put(f"sub i64 {b.size(units)}, {first}")
        few = b.put(f"icmp slt i64 {left}, {LANES}")
        count = b.put(f"select i1 {few}, i64 {left}, i64 {LANES}")
        b.do(b.call(name, *arguments, room, b.size(q), count))


def _change(v: Values, op: Op) -> list[tuple[Index, ...]]:
    """Return where k, scale and growth are, and how far apart numbers of the same k."""
    (k, strides), *others = (v.address(part) for part in op.args[1:])
    return [(k, strides[1]), *((place,) for place, _ in others)]


def _product(v: Values, op: Op) -> list[tuple[Index, ...]]:
    (x, strides), goal = v.address(op.args[1]), v.memory.storage[op]
    return [(x, strides[1]), (v.b.pointer(goal), v.b.strides(goal)[1])]
