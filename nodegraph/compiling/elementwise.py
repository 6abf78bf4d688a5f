"""Operations on each number by itself, of the precision that numpy would use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.compiling.ir import Op, TraceError, code_of, current
from nodegraph.compiling.operands import broadcast, cast, kind_of, lift

__all__ = ["ELEMENTWISE", "elementwise", "loop_of", "where"]

ELEMENTWISE = {
    "absolute", "add", "bitwise_and", "bitwise_or", "bitwise_xor", "copysign", "cos", "divide",
    "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "isfinite",
    "isnan", "left_shift", "less", "less_equal", "log", "logical_and", "logical_not", "logical_or",
    "logical_xor", "maximum", "minimum", "multiply", "negative", "not_equal", "power", "remainder",
    "right_shift", "rint", "sigmoid", "sign", "sin", "softplus", "sqrt", "subtract", "tanh",
}  # fmt: skip
_LIKE_TANH = {"sigmoid", "softplus"}  # no functions of numpy: their types are those of tanh
_OF_BOOLS = {"maximum": "logical_or", "minimum": "logical_and", "add": "logical_or",
             "multiply": "logical_and", "bitwise_and": "logical_and", "bitwise_or": "logical_or",
             "bitwise_xor": "logical_xor"}  # fmt: skip
_COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
_LOGICAL = {"logical_and", "logical_or", "logical_xor", "logical_not"}


def loop_of(ufunc: Any, operands: Sequence[Any]) -> list[str]:
    """Return in which types a ufunc takes its operands, and then what it makes, as numpy has it."""
    asked = [type(k) if type(k) in (int, float) else k for k in map(kind_of, operands)]
    return [code_of(kind) for kind in ufunc.resolve_dtypes((*asked, *[None] * ufunc.nout))]


def elementwise(name: str, *operands: Any) -> Op:
    """Return a function of each number by itself.

    Parameters
    ----------
    name : str
        One of `ELEMENTWISE`.
    *operands
        Symbolic arrays, arrays, lists or numbers; numbers of Python adapt to what they meet.
    """
    codes = loop_of(np.tanh if name in _LIKE_TANH else getattr(np, name), operands)
    if name in _LOGICAL:
        codes = ["b1"] * len(codes)
    ops = [lift(v, code) for v, code in zip(operands, codes, strict=False)]
    if "b1" in codes[:-1]:
        found = _of_bools(name, ops)
    elif codes[0] == "i8":
        found = _of_whole(name, ops)
    else:
        found = None
    return _elem(name, ops, codes[-1]) if found is None else found


def _elem(name: str, ops: Sequence[Op], dtype: str) -> Op:
    return current().op("elem", ops, (name,), broadcast(ops), dtype)


def _of_bools(name: str, ops: list[Op]) -> Op | None:
    """Return what is another operation of bools."""
    name = _OF_BOOLS.get(name, name)
    if name in ("absolute", "floor"):
        return ops[0]
    if name == "logical_xor":
        name = "not_equal"
    if name in _COMPARISONS:  # true is 1
        return _elem(name, [cast(op, "i8") for op in ops], "b1")
    if name in ("isfinite", "isnan"):
        return _of_whole(name, [cast(op, "i8") for op in ops])
    return _elem(name, ops, "b1") if name in _LOGICAL else None


def _of_whole(name: str, ops: list[Op]) -> Op | None:
    """Return what is another operation of whole numbers."""
    if name in ("isfinite", "isnan"):
        return _elem("equal" if name == "isfinite" else "not_equal", ops * 2, "b1")
    if name == "floor":
        return ops[0]
    if name == "sign":
        zero = current().const(0, "i8")
        above, below = (_elem(n, (ops[0], zero), "b1") for n in ("greater", "less"))
        return _elem("subtract", (cast(above, "i8"), cast(below, "i8")), "i8")
    if name == "power":
        raise TraceError("a whole number to a power that is not known: write x.astype(float) ** p")
    return None


def where(condition: Any, yes: Any, no: Any) -> Op:
    """Return `yes` where `condition` holds, else `no`."""
    kind = code_of(np.result_type(kind_of(yes), kind_of(no)))
    ops = [lift(condition, "b1"), lift(yes, kind), lift(no, kind)]
    return current().op("elem", ops, ("where",), broadcast(ops), kind)
