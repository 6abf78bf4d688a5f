"""exp, expm1, tanh, sigmoid, softplus and log: the same bits on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nodegraph.compiling.prelude.builder import Builder, Value

__all__ = ["ELEMENTARY", "elementary"]


class _Format(NamedTuple):
    """What one precision needs."""

    bits: str
    fraction: int  # bits of it
    bias: int  # of the exponent
    high: float  # ln 2 = high + low, k high is exact
    low: float
    magic: float  # x + magic - magic is x, rounded
    lowest: float  # exp is 0 below
    highest: float  # exp is infinite above
    flat: float  # tanh is 1 above
    infinite: float  # (bias + 1) ln 2, of which 2^k is infinite
    terms: tuple[float, ...]  # (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, in Chebyshev polynomials
    tiny: float  # the smallest normal number
    log: tuple[float, ...]  # terms of log, from fdlibm


_FORMATS = {
    "f8": _Format(
        "i64", 52, 1023, 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.5 * 2**52,
        -746, 710, 20, 1024 * math.log(2.0), (
            0.5000000000000001, 0.1666666666666667, 0.04166666666662416, 0.008333333333326141,
            0.0013888888917198588, 0.00019841269874802173, 2.4801521319879672e-05,
            2.755725542387984e-06, 2.762007691611333e-07, 2.510520706464424e-08),
        2.2250738585072014e-308, (
            6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
            2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
            1.479819860511658591e-01)),
    "f4": _Format(
        "i32", 23, 127, 0.693359375, -2.12194440054690583e-4, 1.5 * 2**23,
        -104, 89, 10, 128 * math.log(2.0), (
            0.5, 0.16666576266288757, 0.04166646674275398, 0.008363175205886364,
            0.0013933643931522965),
        1.1754943508222875e-38, (
            6.6666662693e-01, 4.0000972152e-01, 2.8498786688e-01, 2.4279078841e-01)),
}  # fmt: skip


def _constant(b: Builder, value: float) -> Value:
    """Return a number that stays where it is: LLVM would load constants anew in each turn."""
    return b.intrinsic("arithmetic.fence", b.number(value))


def _below(b: Builder, x: Value, bound: Value, yes: Value, no: Value) -> Value:
    return b.choose(x.test("olt", bound), yes, no)


def _power_of_two(b: Builder, shifted: Value) -> Value:
    """Return 2^k, given k + magic."""
    f = _FORMATS[b.dtype]
    return ((shifted.to(f.bits) << f.fraction) + (f.bias << f.fraction)).to(b.T)


def _polynomial(x: Value, terms: Sequence[Value]) -> Value:
    """Return the sum of ``terms[n] x^n``, as pairs of pairs, which wait for each other least."""
    while len(terms) > 1:
        pairs = [a + x * c for a, c in zip(terms[::2], terms[1::2], strict=False)]
        terms, x = pairs + list(terms[2 * len(pairs) :]), x * x
    return terms[0]


def _reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return expm1(r) and k + magic, where x = k ln 2 + r."""
    f = _FORMATS[b.dtype]
    magic = _constant(b, f.magic)
    shifted = x * _constant(b, 1.0 / math.log(2.0)) + magic
    k = shifted - magic
    r = (x - k * _constant(b, f.high)) - k * _constant(b, f.low)
    return r + (r * r) * _polynomial(r, [_constant(b, term) for term in f.terms]), shifted


def _exp(b: Builder, x: Value) -> Value:
    f = _FORMATS[b.dtype]
    low, high, magic = _constant(b, f.lowest), _constant(b, f.highest), _constant(b, f.magic)
    x = _below(b, x, low, low, x)
    x = _below(b, high, x, high, x)
    p, shifted = _reduced(b, x)
    k = shifted - magic
    half = k * _constant(b, 0.5) + magic  # 2^k in two steps: it may be no normal number
    rest = (k - (half - magic)) + magic
    return ((_constant(b, 1.0) + p) * _power_of_two(b, half)) * _power_of_two(b, rest)


def _grown(b: Builder, x: Value) -> Value:
    """Return expm1 of what is neither so low nor so high that 2^k is no normal number."""
    p, shifted = _reduced(b, x)
    scale = _power_of_two(b, shifted)
    return scale * p + (scale - _constant(b, 1.0))


def _expm1(b: Builder, x: Value) -> Value:
    low = _constant(b, -2 * _FORMATS[b.dtype].flat)
    return _grown(b, _below(b, x, low, low, x))


def _tanh(b: Builder, x: Value) -> Value:
    size, flat = b.intrinsic("fabs", x), _constant(b, _FORMATS[b.dtype].flat)
    size = _below(b, flat, size, flat, size)
    grown = _grown(b, size + size)
    return b.intrinsic("copysign", grown / (grown + _constant(b, 2.0)), x)


def _sigmoid(b: Builder, x: Value) -> Value:
    f, one = _FORMATS[b.dtype], _constant(b, 1.0)
    low, high = _constant(b, -f.infinite), _constant(b, 2.0 * f.flat)
    x = _below(b, x, low, low, x)
    x = _below(b, high, x, high, x)
    p, shifted = _reduced(b, b.number(-0.0) - x)
    return one / (one + (one + p) * _power_of_two(b, shifted))


def _exp_of_minus_size(b: Builder, x: Value) -> Value:
    return _exp(b, b.number(-0.0) - b.intrinsic("fabs", x))


def _softplus(b: Builder, x: Value) -> Value:
    """Return max(x, 0) + log1p(s), where log1p(s) = log(1 + s) + (s - ((1 + s) - 1)) / (1 + s)."""
    small, zero, one = _exp_of_minus_size(b, x), b.number(0.0), b.number(1.0)
    whole = one + small
    lost = (small - (whole - one)) / whole
    return _below(b, zero, x, x, zero) + (_log(b, whole) + lost)


def _split(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return f and k, where x = 2^k (1 + f) and 1 + f is between sqrt(1/2) and sqrt(2)."""
    f = _FORMATS[b.dtype]
    up = f.fraction + 2  # subnormal numbers are scaled first
    small = x.test("olt", b.number(f.tiny))
    bits = b.choose(small, x * b.number(2.0**up), x).to(f.bits)
    scaled = b.choose(small, b.number(up), b.number(0.0))
    shifted = bits + (
        Value(b, f.bits, str(f.bias << f.fraction)) - b.number(2.0**0.5 / 2).to(f.bits)
    )
    k = (shifted >> f.fraction) - f.bias
    m = (bits - (k << f.fraction)).to(b.T)
    return m - b.number(1.0), k.to(b.T, "sitofp") - scaled


def _log(b: Builder, x: Value) -> Value:
    terms = _FORMATS[b.dtype].log
    f, k = _split(b, x)
    s = f / (b.number(2.0) + f)
    z = s * s
    r = b.number(terms[-1])
    for term in terms[-2::-1]:
        r = b.number(term) + z * r
    square = (b.number(0.5) * f) * f
    rest = s * (square + z * r) + k * b.number(_FORMATS[b.dtype].low)
    y = k * b.number(_FORMATS[b.dtype].high) - ((square - rest) - f)
    for test, bound, value in (
        ("oge", float("inf"), x), ("oeq", 0.0, b.number(float("-inf"))),
        ("ult", 0.0, b.number(float("nan"))),
    ):  # fmt: skip
        y = b.choose(x.test(test, b.number(bound)), value, y)
    return y


ELEMENTARY: dict[str, Callable[[Builder, Value], Value]] = {
    "exp": _exp, "expm1": _expm1, "tanh": _tanh, "sigmoid": _sigmoid, "softplus": _softplus,
    "log": _log,
}  # fmt: skip


def elementary(dtype: str, name: str) -> str:
    """Return a function of one number; loops that call it become vectors of it."""
    b = Builder(dtype)
    (x,) = b.function(".x", b.T)
    return b.inlined(f"{name}_{dtype}", ELEMENTARY[name](b, x))
