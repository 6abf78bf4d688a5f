"""Operations on each number by itself, of the precision that numpy would use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from nodegraph.compiling.ir import Op, code_of, current
from nodegraph.compiling.operands import broadcast, cast, kind_of, lift

__all__ = ["ELEMENTWISE", "elementwise", "loop_of", "where"]

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
