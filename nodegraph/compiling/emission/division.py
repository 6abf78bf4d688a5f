"""Remainders and quotients as Python and numpy round them: towards minus infinity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nodegraph.compiling.emission.text import Text
from nodegraph.compiling.prelude import LLVM, literal

__all__ = ["DIVISIONS"]


def _whole(b: Text, a: Sequence[str]) -> tuple[str, str, str, str, str]:
    """Return divisor, remainder, and whether it is off, whether the divisor was 0, or -1."""
    zero = b.put(f"icmp eq i64 {a[1]}, 0")
    minus = b.put(f"icmp eq i64 {a[1]}, -1")  # the processor traps at the lowest
    odd = b.put(f"or i1 {zero}, {minus}")
    by = b.put(f"select i1 {odd}, i64 1, i64 {a[1]}")
    r = b.put(f"srem i64 {a[0]}, {by}")
    some = b.put(f"icmp ne i64 {r}, 0")
    mixed = b.put(f"xor i64 {r}, {by}")
    other = b.put(f"icmp slt i64 {mixed}, 0")
    return by, r, b.put(f"and i1 {some}, {other}"), zero, minus


def _whole_remainder(b: Text, a: Sequence[str], kind: str) -> str:
    by, r, off, _, _ = _whole(b, a)
    moved = b.put(f"add i64 {r}, {by}")
    return b.put(f"select i1 {off}, i64 {moved}, i64 {r}")


def _whole_quotient(b: Text, a: Sequence[str], kind: str) -> str:
    by, _, off, zero, minus = _whole(b, a)
    q = b.put(f"sdiv i64 {a[0]}, {by}")
    less = b.put(f"sub i64 {q}, 1")
    q = b.put(f"select i1 {off}, i64 {less}, i64 {q}")
    turned = b.put(f"sub i64 0, {a[0]}")
    q = b.put(f"select i1 {minus}, i64 {turned}, i64 {q}")
    return b.put(f"select i1 {zero}, i64 0, i64 {q}")


def _real(b: Text, a: Sequence[str], kind: str) -> tuple[str, str, str]:
    """Return the exact remainder of fmod, whether it is off, and it put right."""
    T, zero = LLVM[kind], literal(0, kind)
    r = b.put(f"frem {T} {a[0]}, {a[1]}")
    low, turned = (b.put(f"fcmp olt {T} {v}, {zero}") for v in (r, a[1]))
    some = b.put(f"fcmp une {T} {r}, {zero}")
    mixed = b.put(f"xor i1 {low}, {turned}")
    off = b.put(f"and i1 {some}, {mixed}")
    return r, off, b.put(f"fadd {T} {r}, {a[1]}")


def _zero_like(b: Text, sign: str, kind: str) -> str:
    T = LLVM[kind]
    return b.put(f"call {T} @llvm.copysign.{_SUFFIX[kind]}({T} {literal(0, kind)}, {T} {sign})")


def _real_remainder(b: Text, a: Sequence[str], kind: str) -> str:
    T, (r, off, moved) = LLVM[kind], _real(b, a, kind)
    none = _zero_like(b, a[1], kind)
    odd = b.put(f"select i1 {off}, {T} {moved}, {T} {r}")
    flat = b.put(f"fcmp oeq {T} {r}, {literal(0, kind)}")
    return b.put(f"select i1 {flat}, {T} {none}, {T} {odd}")


def _real_quotient(b: Text, a: Sequence[str], kind: str) -> str:
    T, (r, off, _), one = LLVM[kind], _real(b, a, kind), literal(1, kind)
    rest = b.put(f"fsub {T} {a[0]}, {r}")
    q = b.put(f"fdiv {T} {rest}, {a[1]}")
    less = b.put(f"fsub {T} {q}, {one}")
    q = b.put(f"select i1 {off}, {T} {less}, {T} {q}")
    whole = b.put(f"call {T} @llvm.floor.{_SUFFIX[kind]}({T} {q})")
    far = b.put(f"fsub {T} {q}, {whole}")
    up = b.put(f"fcmp ogt {T} {far}, {literal(0.5, kind)}")
    above = b.put(f"fadd {T} {whole}, {one}")
    whole = b.put(f"select i1 {up}, {T} {above}, {T} {whole}")
    plain = b.put(f"fdiv {T} {a[0]}, {a[1]}")
    none = _zero_like(b, plain, kind)
    flat = b.put(f"fcmp oeq {T} {q}, {literal(0, kind)}")
    whole = b.put(f"select i1 {flat}, {T} {none}, {T} {whole}")
    by_zero = b.put(f"fcmp oeq {T} {a[1]}, {literal(0, kind)}")
    return b.put(f"select i1 {by_zero}, {T} {plain}, {T} {whole}")


_SUFFIX = {"f8": "f64", "f4": "f32"}
DIVISIONS: dict[tuple[str, bool], Callable[[Text, Sequence[str], str], str]] = {
    ("remainder", True): _real_remainder, ("remainder", False): _whole_remainder,
    ("floor_divide", True): _real_quotient, ("floor_divide", False): _whole_quotient,
}  # fmt: skip
