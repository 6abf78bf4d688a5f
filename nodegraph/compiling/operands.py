"""What expressions are made of: operands, and operations on each number by itself."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from nodegraph.compiling.ir import Dim, Op, TraceError, code_of, current, dtype_of

__all__ = ["ELEMENTWISE", "Symbol", "broadcast", "cast", "concatenate",
           "elementwise", "kind_of", "lift", "loop_of", "spread", "stack", "where",
           "with_axis"]  # fmt: skip

ELEMENTWISE = {
    "absolute", "add", "bitwise_and", "bitwise_or", "bitwise_xor", "copysign", "cos", "divide",
    "equal", "exp", "expm1", "greater", "greater_equal", "left_shift", "less", "less_equal", "log",
    "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "multiply",
    "negative", "not_equal", "right_shift", "rint", "sin", "sqrt", "subtract", "tanh",
}  # fmt: skip
_TYPED_LIKE = {"sigmoid": np.tanh, "softplus": np.tanh,  # no functions of numpy
               "quotient": np.floor_divide, "rest": np.remainder}  # fmt: skip
_OF_BOOLS = {"maximum": "logical_or", "minimum": "logical_and", "add": "logical_or",
             "multiply": "logical_and", "bitwise_and": "logical_and", "bitwise_or": "logical_or",
             "bitwise_xor": "not_equal", "logical_xor": "not_equal"}  # fmt: skip
_COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
_LOGICAL = {"logical_and", "logical_or", "logical_xor", "logical_not"}


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


def loop_of(ufunc: Any, operands: Sequence[Any]) -> list[str]:
    """Return in which types a ufunc takes its operands, and then what it makes, as numpy has it."""
    asked = (type(k) if type(k) in (int, float) else k for k in map(kind_of, operands))
    return [*_loop(ufunc, tuple(asked))]


@cache
def _loop(ufunc: Any, asked: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(code_of, ufunc.resolve_dtypes((*asked, *[None] * ufunc.nout))))


def elementwise(name: str, *operands: Any) -> Op:
    """Return a function of each number by itself.

    Parameters
    ----------
    name : str
        One of `ELEMENTWISE`, or what functions of numpy are made of: floor, power, sigmoid,
        softplus, quotient and rest of a division that rounds towards 0.
    *operands
        Symbolic arrays, arrays, lists or numbers; numbers of Python adapt to what they meet.
    """
    codes = loop_of(_TYPED_LIKE.get(name) or getattr(np, name), operands)
    if name in _LOGICAL:
        codes = ["b1"] * len(codes)
    ops = [lift(v, code) for v, code in zip(operands, codes, strict=False)]
    if "b1" in codes[:-1]:
        name = _OF_BOOLS.get(name, name)
        if name in _COMPARISONS:  # true is 1
            ops = [cast(op, "i8") for op in ops]
    return current().op("elem", ops, (name,), broadcast(ops), codes[-1])


def where(condition: Any, yes: Any, no: Any) -> Op:
    """Return `yes` where `condition` holds, else `no`."""
    kind = code_of(np.result_type(kind_of(yes), kind_of(no)))
    ops = [lift(condition, "b1"), lift(yes, kind), lift(no, kind)]
    return current().op("elem", ops, ("where",), broadcast(ops), kind)
