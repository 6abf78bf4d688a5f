"""Elementwise operations as LLVM instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nodegraph.compiling.emission.division import DIVISIONS
from nodegraph.compiling.emission.text import Text
from nodegraph.compiling.ir import TraceError, dtype_of
from nodegraph.compiling.prelude import LLVM, literal

__all__ = ["apply", "converted"]

# {0}, {1}, {2} are operands, T the type of the first, S its suffix, R the type of the outcome
_REAL = {
    "add": "fadd {T} {0}, {1}", "subtract": "fsub {T} {0}, {1}",
    "multiply": "fmul {T} {0}, {1}", "divide": "fdiv {T} {0}, {1}", "negative": "fneg {T} {0}",
    "greater": "fcmp ogt {T} {0}, {1}", "greater_equal": "fcmp oge {T} {0}, {1}",
    "less": "fcmp olt {T} {0}, {1}", "less_equal": "fcmp ole {T} {0}, {1}",
    "equal": "fcmp oeq {T} {0}, {1}", "not_equal": "fcmp une {T} {0}, {1}",
    "isnan": "fcmp uno {T} {0}, {0}", "copysign": "call {T} @llvm.copysign.{S}({T} {0}, {T} {1})",
    "power": "call {T} @llvm.pow.{S}({T} {0}, {T} {1})", "sqrt": "call {T} @llvm.sqrt.{S}({T} {0})",
    "absolute": "call {T} @llvm.fabs.{S}({T} {0})", "floor": "call {T} @llvm.floor.{S}({T} {0})",
    "rint": "call {T} @llvm.rint.{S}({T} {0})", "sin": "call {T} @llvm.sin.{S}({T} {0})",
    "cos": "call {T} @llvm.cos.{S}({T} {0})",
}  # fmt: skip
_WHOLE = {
    "add": "add i64 {0}, {1}", "subtract": "sub i64 {0}, {1}", "multiply": "mul i64 {0}, {1}",
    "negative": "sub i64 0, {0}", "bitwise_and": "and i64 {0}, {1}",
    "bitwise_or": "or i64 {0}, {1}", "bitwise_xor": "xor i64 {0}, {1}",
    "left_shift": "shl i64 {0}, {1}",
    "right_shift": "ashr i64 {0}, {1}", "greater": "icmp sgt i64 {0}, {1}",
    "greater_equal": "icmp sge i64 {0}, {1}", "less": "icmp slt i64 {0}, {1}",
    "less_equal": "icmp sle i64 {0}, {1}", "equal": "icmp eq i64 {0}, {1}",
    "not_equal": "icmp ne i64 {0}, {1}",
}  # fmt: skip
_BOOL = {
    "logical_and": "and i1 {0}, {1}", "logical_or": "or i1 {0}, {1}",
    "logical_not": "xor i1 {0}, true", "where": "select i1 {0}, {R} {1}, {R} {2}",
}  # fmt: skip
_TEXTS = {"f8": _REAL, "f4": _REAL, "i8": _WHOLE, "b1": _BOOL}
_SUFFIX = {"f8": "f64", "f4": "f32"}
_OWN = {"tanh", "exp", "expm1", "sigmoid", "softplus", "log"}  # in the prelude


def apply(b: Text, name: str, a: Sequence[str], kind: str, out: str) -> str:
    """Return the outcome of an operation.

    Parameters
    ----------
    b : Text
    name : str
        As in numpy.
    a : sequence of str
        Operands.
    kind, out : str
        dtype of the first operand and of the outcome.
    """
    if name == "spread":
        return a[0]
    if name == "cast":
        return converted(b, a[0], kind, out)
    T = LLVM[kind]
    if (text := _TEXTS[kind].get(name)) is not None:
        return b.put(text.format(*a, T=T, R=LLVM[out], S=_SUFFIX.get(kind)))
    if name in _OWN and kind in _SUFFIX:
        return b.put(f"call {T} {b.need(f'{name}_{kind}')}({T} {a[0]})")
    if (several := _SEVERAL.get((name, kind in _SUFFIX))) is not None and kind != "b1":
        return several(b, a, kind)
    said = dtype_of(kind)
    raise TraceError(f"{name} of {said} is not known to compiled steps; write .astype(float)")


def _extreme(test: str, b: Text, a: Sequence[str], kind: str) -> str:
    """Return the larger or smaller one; NaN wins, as in numpy."""
    T = LLVM[kind]
    one = b.put(f"fcmp {test} {T} {a[0]}, {a[1]}")
    nan = b.put(f"fcmp uno {T} {a[0]}, {a[0]}")
    chosen = b.put(f"or i1 {one}, {nan}")
    return b.put(f"select i1 {chosen}, {T} {a[0]}, {T} {a[1]}")


def _whole_extreme(test: str, b: Text, a: Sequence[str], kind: str) -> str:
    chosen = b.put(f"icmp {test} i64 {a[0]}, {a[1]}")
    return b.put(f"select i1 {chosen}, i64 {a[0]}, i64 {a[1]}")


def _whole_absolute(b: Text, a: Sequence[str], kind: str) -> str:
    minus = b.put(f"sub i64 0, {a[0]}")
    low = b.put(f"icmp slt i64 {a[0]}, 0")
    return b.put(f"select i1 {low}, i64 {minus}, i64 {a[0]}")


def _sign(b: Text, a: Sequence[str], kind: str) -> str:
    T, zero = LLVM[kind], literal(0, kind)
    up = b.put(f"fcmp ogt {T} {a[0]}, {zero}")
    down = b.put(f"fcmp olt {T} {a[0]}, {zero}")
    none = b.put(f"fadd {T} {a[0]}, {zero}")  # -0 becomes 0
    less = b.put(f"select i1 {down}, {T} {literal(-1, kind)}, {T} {none}")
    return b.put(f"select i1 {up}, {T} {literal(1, kind)}, {T} {less}")


def _isfinite(b: Text, a: Sequence[str], kind: str) -> str:
    T = LLVM[kind]
    gone = b.put(f"fsub {T} {a[0]}, {a[0]}")
    return b.put(f"fcmp oeq {T} {gone}, {literal(0, kind)}")


_SEVERAL: dict[tuple[str, bool], Callable[[Text, Sequence[str], str], str]] = {
    ("maximum", True): partial(_extreme, "oge"), ("minimum", True): partial(_extreme, "ole"),
    ("maximum", False): partial(_whole_extreme, "sgt"), ("sign", True): _sign,
    ("minimum", False): partial(_whole_extreme, "slt"), ("isfinite", True): _isfinite,
    ("absolute", False): _whole_absolute, **DIVISIONS,
}  # fmt: skip

_CASTS = {("f4", "f8"): "fpext", ("f8", "f4"): "fptrunc", ("i8", "f8"): "sitofp",
          ("i8", "f4"): "sitofp", ("b1", "i8"): "zext", ("b1", "f8"): "uitofp",
          ("b1", "f4"): "uitofp"}  # fmt: skip


def converted(b: Text, a: str, one: str, other: str) -> str:
    """Return a number as one of another dtype."""
    if one == other:
        return a
    A = LLVM[one]
    if other == "b1":
        test = "icmp ne" if one == "i8" else "fcmp une"
        return b.put(f"{test} {A} {a}, {literal(0, one)}")
    if other == "i8" and one in _SUFFIX:  # plain fptosi means nothing beyond 64 bits
        return b.put(f"call i64 @llvm.fptosi.sat.i64.{_SUFFIX[one]}({A} {a})")
    return b.put(f"{_CASTS[one, other]} {A} {a} to {LLVM[other]}")
