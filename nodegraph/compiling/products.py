"""Sums, extremes and products of arrays, as operations: along axes, einsum, triangles, sparse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from nodegraph.compiling.indexing import gathers, permuted, reshaped, view
from nodegraph.compiling.ir import Dim, Op, TraceError, code_of, current, dtype_of, fastest
from nodegraph.compiling.operands import cast, elementwise, lift, spread

__all__ = ["contract", "einsum", "matmul", "reduce", "scan", "sparse_product",
           "sparse_scan", "sym_matvec", "sym_rank_one"]  # fmt: skip

_OF_BOOLS = {"max": "any", "min": "all"}


def _order_of(side_by_side: bool) -> str:
    """Return the order of a sum.

    ``lanes`` where numbers lie side by side along its axis; ``four`` partial sums elsewhere.
    """
    return "lanes" if side_by_side else "four"


def reduce(name: str, value: Any, axis: Any = None, keepdims: bool = False) -> Op:
    """Return the sum and the like along an axis, some, or all.

    Parameters
    ----------
    name : str
        add, multiply, max, min, any or all.
    value : symbolic array
    axis : int, tuple of int or None
    keepdims : bool
    """
    op = lift(value)
    if isinstance(axis, tuple):
        several = sorted({normalize_axis_index(a, op.ndim) for a in axis})
        if several != list(range(op.ndim)):
            for a in several[::-1]:
                op = reduce(name, op, a, keepdims)
            return op
        axis = None
    if axis is not None:
        axis = normalize_axis_index(axis, op.ndim)
    if op.ndim == 0:
        return _typed(name, op)[1]
    if axis is None and op.ndim > 1:
        out = reduce(name, reshaped(op, -1))
        return view(out, (None,) * op.ndim) if keepdims else out
    made = _along(name, op, axis or 0)
    if keepdims:
        made = view(made, tuple(None if i == (axis or 0) else slice(None) for i in range(op.ndim)))
    return made


def scan(name: str, value: Any, axis: int) -> Op:
    """Return sums (``add``) or products (``multiply``) of all so far, one after the other."""
    op = lift(value)
    attrs = name, normalize_axis_index(axis, op.ndim)
    return current().op("scan", (op,), attrs, op.dims, op.dtype)


def _typed(name: str, op: Op) -> tuple[str, Op]:
    """Return what is done to bools and with their truth, in the type of the outcome."""
    if op.dtype == "b1" and name in ("add", "multiply"):
        return name, cast(op, "i8")
    name = _OF_BOOLS.get(name, name) if op.dtype == "b1" else name
    return name, cast(op, "b1") if name in ("any", "all") else op


def _along(name: str, op: Op, axis: int) -> Op:
    name, op = _typed(name, op)
    if name in ("max", "min") and not op.dims[axis].value:
        raise ValueError(f"the {name} of no numbers")
    if name == "add" and _is_product(op):
        labels = tuple(9 if i == axis else i for i in range(op.ndim))
        return contract(op.args[0], labels, op.args[1], labels, [k for k in labels if k != 9])
    dims = [d for i, d in enumerate(op.dims) if i != axis]
    order = _order_of(fastest(op.shape) == axis)
    return current().op("reduce", (op,), (name, axis, order), dims, op.dtype)


def _is_product(op: Op) -> bool:
    """Tell whether a sum of it is one of squares, or of products of what will be in memory."""
    if op.kind != "elem" or op.attrs != ("multiply",) or op.dtype not in ("f4", "f8"):
        return False
    a, b = op.args
    return a.shape == b.shape == op.shape and (
        op.ndim == 1 or a is b or (_in_memory(a) and _in_memory(b))
    )


def _in_memory(op: Op) -> bool:
    while op.kind == "view" and not gathers(op.attrs):
        op = op.args[0]
    return op.kind not in ("elem", "view", "const")


def contract(a: Op, la: Sequence[int], b: Op, lb: Sequence[int], out: Sequence[int]) -> Op:
    """Return the sum of products of two arrays over the one axis that is not in `out`.

    Parameters
    ----------
    a, b : Op
    la, lb, out : sequence of int
        Labels of the axes, as the letters of `numpy.einsum`.
    """
    kind = code_of(np.result_type(dtype_of(a.dtype), dtype_of(b.dtype)))
    a, b = cast(a, kind), cast(b, kind)
    dims: dict[int, Any] = {}
    for op, labels in ((a, la), (b, lb)):
        for d, label in zip(op.dims, labels, strict=True):
            if dims.setdefault(label, d).value != d.value:
                raise ValueError(f"shapes {a.shape} and {b.shape} do not fit in a product")
            dims[label].same(d)
    (summed,) = set(dims) - set(out)
    if len(lb) > len(la):
        a, la, b, lb = b, lb, a, la
    order = _order_of(la[fastest(a.shape)] == summed)
    attrs = (tuple(la), tuple(lb), tuple(out), summed, order)
    return current().op("contract", (a, b), attrs, [dims[label] for label in out], kind)


_Part = tuple[str, Op]  # an operand of einsum with the letters of its axes
_TURNED = (("ax", 1, None, 1), ("ax", 0, None, 1))


def matmul(a: Any, b: Any) -> Op:
    """Return ``a @ b``."""
    a, b = _numbers(a, b)
    if not (a.ndim and b.ndim):
        raise ValueError("matmul of a number; write *")
    if a.ndim > 2 and b.ndim > 2 and a.ndim != b.ndim:
        raise TraceError(f"products of shapes {a.shape} and {b.shape} are not known; use einsum")
    rows = "ijklmn"[: max(a.ndim - 2, b.ndim - 2, 0)]
    left, right = ("r" if a.ndim > 1 else ""), ("c" if b.ndim > 1 else "")
    one, other = (rows if op.ndim > 2 else "" for op in (a, b))
    return einsum(f"{one}{left}s,{other}s{right}->{rows}{left}{right}", a, b)


def _numbers(*operands: Any) -> list[Op]:
    """Return the operands of a product, which are not all bools."""
    ops = [lift(v) for v in operands]
    if all(op.dtype == "b1" for op in ops):
        raise TraceError("a product of bools is an or of ands; write .astype(int)")
    return ops


def _whole(a: Op, b: Op) -> bool:
    return "f" not in a.dtype + b.dtype


def _product_of(a: Op, la: Sequence[int], b: Op, lb: Sequence[int], out: Sequence[int]) -> Op:
    """Return a sum over one label; ``W.T @ x`` is a product with W."""
    a, la = _without_turn(a, la)
    b, lb = _without_turn(b, lb)
    return contract(a, la, b, lb, out)


def _without_turn(op: Op, labels: Sequence[int]) -> tuple[Op, Sequence[int]]:
    if op.kind == "view" and len(op.args) == 1 and op.ndim == 2 and op.attrs == _TURNED:
        return op.args[0], (labels[1], labels[0])
    return op, labels


def einsum(how: str, *operands: Any) -> Op:
    """Return sums of products, two operands at a time, those first that make the fewest numbers."""
    inputs, arrow, result = how.replace(" ", "").partition("->")
    parts = list(zip(inputs.split(","), _numbers(*operands), strict=True))
    if "." in how or any(len(letters) != op.ndim for letters, op in parts):
        raise TraceError(f"einsum {how!r} is not known to compiled steps; name each axis")
    if not arrow:
        result = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    parts = [_diagonal(letters, op) for letters, op in parts]
    parts = [_summed(part, [*parts[:i], *parts[i + 1 :]], result) for i, part in enumerate(parts)]
    while len(parts) > 1:
        pairs = [(i, j) for i in range(len(parts)) for j in range(i)]
        one, other = min(pairs, key=lambda pair: _size(parts, pair, result))
        if len(parts[one][0]) <= len(parts[other][0]):
            one, other = other, one
        rest = [p for k, p in enumerate(parts) if k not in (one, other)]
        needed = {*result, *(c for letters, _ in rest for c in letters)}
        parts = [_joined(parts[one], parts[other], needed), *rest]
    letters, op = parts[0]
    return permuted(op, [letters.index(c) for c in result])


def _diagonal(letters: str, op: Op) -> _Part:
    """Look at the diagonal where a letter comes twice."""
    names = "".join(dict.fromkeys(letters))
    if names == letters:
        return letters, op
    spec = tuple(("ax", names.index(c), None, 1) for c in letters)
    dims = [op.dims[letters.index(c)] for c in names]
    if any(dims[names.index(c)].value != d.value for c, d in zip(letters, op.dims, strict=True)):
        raise ValueError(f"axes of one letter in {letters} differ in length: {op.shape}")
    return names, current().op("view", (op,), spec, dims, op.dtype)


def _summed(part: _Part, others: Sequence[_Part], result: str) -> _Part:
    """Sum over the letters that nobody else has."""
    letters, op = part
    known = {*result, *(c for names, _ in others for c in names)}
    for c in [c for c in letters if c not in known]:
        op = reduce("add", op, letters.index(c))
        letters = letters.replace(c, "")
    return letters, op


def _size(parts: Sequence[_Part], pair: tuple[int, int], result: str) -> int:
    """Return how many numbers the product of two operands has."""
    rest = {*result, *(c for k, (names, _) in enumerate(parts) if k not in pair for c in names)}
    sizes = {c: n for k in pair for c, n in zip(parts[k][0], parts[k][1].shape, strict=True)}
    return int(np.prod([n for c, n in sizes.items() if c in rest]))


def _joined(one: _Part, other: _Part, needed: set[str]) -> _Part:
    """Return the product of two operands, summed over what nobody needs."""
    (la, a), (lb, b) = one, other
    names = "".join(dict.fromkeys(la + lb))
    summed = [c for c in names if c not in needed]
    out = "".join(c for c in names if c in needed)
    if len(summed) == 1 and not _whole(a, b):
        number = {c: 9 if c in summed else i for i, c in enumerate(out + summed[0])}
        labels = [tuple(number[c] for c in letters) for letters in (la, lb, out)]
        return out, _product_of(a, labels[0], b, labels[1], labels[2])
    made = elementwise("multiply", _aligned(a, la, names), _aligned(b, lb, names))
    for c in summed:
        made = reduce("add", made, names.index(c))
        names = names.replace(c, "")
    return names, made


def _aligned(op: Op, letters: str, names: str) -> Op:
    order = sorted(range(op.ndim), key=lambda i: names.index(letters[i]))
    there = [letters[i] for i in order]
    key = tuple(slice(None) if c in there else None for c in names)
    return view(permuted(op, order), key)


def sparse_product(
    parts: Sequence[Op], rows: Dim, columns: int, x: Any, by_column: Sequence[Op] = ()
) -> Op:
    """Return a product of sparse weights, as data, places, starts and maybe order, with a vector.

    Given its entries, targets and columns as well, it passes over columns of which x is 0. The
    attribute tells how many operands stand before the vector.
    """
    op = cast(lift(x), parts[0].dtype)
    if op.ndim != 1 or op.dims[0].value != columns:
        raise ValueError(f"a sparse matrix of shape {(rows.value, columns)} times {op.shape}")
    args = (*parts, op, *by_column)
    return current().op("sparse", args, (len(parts),), (rows,), op.dtype)


def sparse_scan(parts: Sequence[Op], rows: Dim, columns: Dim) -> Op:
    """Return at each place of sparse weights the sum of its column down to its own row."""
    made = current().op("sparsescan", parts, (), parts[0].dims, parts[0].dtype)
    made.value = rows, columns
    return made


def sym_matvec(P: Any, x: Any) -> Op:
    """Return ``P x`` of a symmetric matrix, or of many in groups."""
    P, x = lift(P), lift(x)
    kind = _triangles(P, x)
    return current().op("symv", (P, cast(x, kind)), (), x.dims, kind)


def sym_rank_one(P: Any, k: Any, scale: Any, growth: Any) -> Op:
    """Return ``(P + k (scale k)') growth`` of a symmetric matrix, or of many."""
    P, k = lift(P), lift(k)
    kind, units = _triangles(P, k), k.dims[:-1]
    each = [lift(v, kind) for v in (scale, growth)]
    each = [spread(v, units) if not v.ndim and units else v for v in each]
    if any(v.shape != k.shape[:-1] for v in each):
        raise ValueError("each matrix needs a scale and a growth, or all the same")
    return current().op("rankone", (P, cast(k, kind), *each), (), P.dims, kind)


def _triangles(P: Op, x: Op) -> str:
    """Return the precision of lower triangles after a check that they go with vectors."""
    q = x.shape[-1] if x.ndim else 0
    expected: tuple[int, ...] = (q * (q + 1) // 2,)
    if x.ndim == 2 and P.ndim == 3:
        expected = -(-x.shape[0] // 16), *expected, 16
    if P.dtype not in ("f4", "f8") or P.shape != expected or x.ndim > 2:
        raise TraceError(
            "lower triangles, (q (q + 1) / 2,) or (groups, q (q + 1) / 2, 16), go with vectors, "
            f"(q,) or (units, q); got {P.shape} and {x.shape}"
        )
    return P.dtype
