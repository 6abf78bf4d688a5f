"""What expressions are made of, as operations: numbers, lists, arrays, and what stands for them."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from nodegraph.compiling.ir import Dim, Op, TraceError, code_of, current, dtype_of

__all__ = ["Symbol", "broadcast", "cast", "concatenate", "kind_of", "lift", "spread", "stack",
           "with_axis"]  # fmt: skip


class Symbol:
    """What stands for an operation."""

    @property
    def op(self) -> Op:
        """The operation that it is now."""
        raise NotImplementedError


def lift(value: Any, dtype: str | None = None) -> Op:
    """Return `value` as an operation, in a precision if one is named."""
    if isinstance(value, Op):
        op = value
    elif isinstance(value, Symbol):
        op = value.op
    elif type(value) is float:
        op = current().const(value, dtype or "f8")
    elif isinstance(value, np.ndarray) and value.ndim:
        op = current().captured(value)
    elif isinstance(value, (np.generic, np.ndarray)):
        op = current().const(np.asarray(value)[()], dtype or code_of(value.dtype))
    elif isinstance(value, bool | numbers.Number):
        op = current().const(value, dtype or code_of(np.asarray(value).dtype))
    elif isinstance(value, list | tuple):
        symbolic = any(isinstance(v, Symbol) for v in value)
        op = stack(value) if symbolic else lift(np.array(value))
    elif hasattr(value, "refused"):
        raise TraceError(value.refused)
    else:
        raise TraceError(f"a {type(value).__name__} cannot be part of a compiled expression")
    return op if dtype in (None, op.dtype) else cast(op, dtype)


def kind_of(value: Any) -> Any:
    """Return the dtype of a value, or a number of Python as it is: it adapts to what it meets."""
    if isinstance(value, (Op, Symbol, list, tuple)):
        return dtype_of(lift(value).dtype)
    return value if type(value) in (int, float) else np.asarray(value).dtype


def cast(op: Op, dtype: str) -> Op:
    """Return `op` in another precision."""
    if op.dtype == dtype:
        return op
    if op.kind == "const":
        return current().const(op.value, dtype)
    return current().op("elem", (op,), ("cast",), op.dims, dtype)


def spread(op: Op, dims: Sequence[Dim], key: Any = None) -> Op:
    """Return `op` repeated over more axes, or over axes of length 1."""
    return current().op("elem", (op,), ("spread",), dims, op.dtype, key=key)


def broadcast(ops: Sequence[Op]) -> tuple[Dim, ...]:
    """Return the axes of operands together; those that must agree are made one."""
    rank = max((op.ndim for op in ops), default=0)
    dims: list[Dim] = []
    for axis in range(-rank, 0):
        there = [op.dims[axis] for op in ops if op.ndim >= -axis]
        long = [d for d in there if d.value != 1] or there
        for d in long[1:]:
            if d.value != long[0].value:
                shapes = ", ".join(str(op.shape) for op in ops)
                raise ValueError(f"operands could not be broadcast together: {shapes}")
            long[0].same(d)
        dims.append(long[0])
    return tuple(dims)


def with_axis(op: Op, axis: int) -> Op:
    """Return a view with one more axis, of length 1."""
    spec = tuple(("ax", i + (i >= axis), None, 1) for i in range(op.ndim))
    dims = [*op.dims[:axis], Dim(1), *op.dims[axis:]]
    return current().op("view", (op,), spec, dims, op.dtype)


def concatenate(parts: Sequence[Any], axis: int = 0) -> Op:
    """Return arrays behind one another along an axis."""
    ops = [lift(p) for p in parts]
    kind = code_of(np.result_type(*(dtype_of(op.dtype) for op in ops)))
    ops = [cast(op, kind) for op in ops]
    axis = normalize_axis_index(axis, ops[0].ndim)
    for op in ops[1:]:
        for i, (one, other) in enumerate(zip(ops[0].dims, op.dims, strict=True)):
            if i != axis:
                if one.value != other.value:
                    raise ValueError("arrays to be joined differ in shape")
                one.same(other)
    if len(ops) == 1:
        return ops[0]
    dims = list(ops[0].dims)
    dims[axis] = Dim(sum(op.shape[axis] for op in ops))
    return current().op("concat", ops, (axis,), dims, kind)


def stack(parts: Sequence[Any], axis: int = 0) -> Op:
    """Return arrays of one shape side by side along a new axis."""
    ops = [lift(p) for p in parts]
    axis = normalize_axis_index(axis, ops[0].ndim + 1)
    return concatenate([with_axis(op, axis) for op in ops], axis)
