"""Sums, products, extremes and truth along axes, as operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from nodegraph.compiling.indexing import reshaped, view
from nodegraph.compiling.ir import Op, code_of, current, dtype_of, fastest
from nodegraph.compiling.operands import cast, lift

__all__ = ["contract", "reduce", "scan"]

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
    while op.kind == "view" and all(part[0] != "take" for part in op.attrs):
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
