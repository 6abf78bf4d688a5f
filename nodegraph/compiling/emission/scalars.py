"""Elementwise operations as LLVM instructions."""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.compiling.emission.text import Text
from nodegraph.compiling.ir import TraceError, dtype_of
from nodegraph.compiling.prelude.spelling import LLVM, SUFFIX, literal

__all__ = ["apply", "converted"]


def _alike(pattern: str, **words: str) -> dict[str, str]:
    """Return instructions that differ in one word."""
    return {name: pattern.replace("#", word) for name, word in words.items()}


# {0}, {1}, .. are operands and then results; T the type of the first, S its suffix; R the type of
# the outcome
_REAL = {
    **_alike("f# {T} {0}, {1}", add="add", subtract="sub", multiply="mul", divide="div",
             rest="rem"),
    **_alike("fcmp # {T} {0}, {1}", greater="ogt", greater_equal="oge", less="olt",
             less_equal="ole", equal="oeq", not_equal="une"),
    **_alike("call {T} @llvm.#.{S}({T} {0})", absolute="fabs", sqrt="sqrt", floor="floor",
             rint="rint", sin="sin", cos="cos"),
    **_alike("call {T} @llvm.#.{S}({T} {0}, {T} {1})", copysign="copysign", power="pow"),
    **_alike("fcmp # {T} {0}, {1}; fcmp uno {T} {0}, {0}; or i1 {2}, {3}; "
             "select i1 {4}, {T} {0}, {T} {1}", maximum="oge", minimum="ole"),  # NaN wins
    "negative": "fneg {T} {0}",
}  # fmt: skip
_WHOLE = {
    **_alike("# i64 {0}, {1}", add="add", subtract="sub", multiply="mul", quotient="sdiv",
             bitwise_and="and", bitwise_or="or", bitwise_xor="xor", left_shift="shl",
             right_shift="ashr"),
    **_alike("icmp # i64 {0}, {1}", greater="sgt", greater_equal="sge", less="slt",
             less_equal="sle", equal="eq", not_equal="ne"),
    **_alike("call i64 @llvm.#.i64(i64 {0}, i64 {1})", maximum="smax", minimum="smin"),
    "absolute": "call i64 @llvm.abs.i64(i64 {0}, i1 false)", "negative": "sub i64 0, {0}",
}  # fmt: skip
_BOOL = {
    "logical_and": "and i1 {0}, {1}", "logical_or": "or i1 {0}, {1}",
    "logical_not": "xor i1 {0}, true", "where": "select i1 {0}, {R} {1}, {R} {2}",
}  # fmt: skip
_TEXTS = {"f8": _REAL, "f4": _REAL, "i8": _WHOLE, "b1": _BOOL}
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
    if name in _OWN and kind in SUFFIX:
        return b.put(b.call(f"{name}_{kind}", *a))
    if name not in _TEXTS[kind]:
        said = dtype_of(kind)
        raise TraceError(f"{name} of {said} is not known to compiled steps; write .astype(float)")
    found = list(a)
    for text in _TEXTS[kind][name].split("; "):
        found.append(b.put(text.format(*found, T=LLVM[kind], R=LLVM[out], S=SUFFIX.get(kind))))
    return found[-1]


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
    if other == "i8" and one in SUFFIX:  # plain fptosi means nothing beyond 64 bits
        return b.put(f"call i64 @llvm.fptosi.sat.i64.{SUFFIX[one]}({A} {a})")
    return b.put(f"{_CASTS[one, other]} {A} {a} to {LLVM[other]}")
