"""exp, expm1, tanh, sigmoid, softplus and log: the same bits on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable
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
    terms: int  # of the series of exp
    tiny: float  # the smallest normal number
    log: tuple[float, ...]  # terms of log, from fdlibm


_FORMATS = {
    "f8": _Format(
        "i64", 52, 1023, 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.5 * 2**52,
        -746, 710, 20, 14, 2.2250738585072014e-308, (
            6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
            2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
            1.479819860511658591e-01)),
    "f4": _Format(
        "i32", 23, 127, 0.693359375, -2.12194440054690583e-4, 1.5 * 2**23,
        -104, 89, 10, 7, 1.1754943508222875e-38, (
            6.6666662693e-01, 4.0000972152e-01, 2.8498786688e-01, 2.4279078841e-01)),
}  # fmt: skip


def _below(b: Builder, x: Value, bound: Value, yes: Value, no: Value) -> Value:
    return b.choose(x.test("olt", bound), yes, no)


def _power_of_two(b: Builder, shifted: Value) -> Value:
    """Return 2^k, given k + magic."""
    f = _FORMATS[b.dtype]
    return ((shifted.to(f.bits) << f.fraction) + (f.bias << f.fraction)).to(b.T)


def _reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return expm1(r) and k + magic, where x = k ln 2 + r."""
    f = _FORMATS[b.dtype]
    magic = b.number(f.magic)
    shifted = x * b.number(1.0 / math.log(2.0)) + magic
    k = shifted - magic
    r = (x - k * b.number(f.high)) - k * b.number(f.low)
    series = b.number(1.0 / math.factorial(f.terms))
    for n in range(f.terms - 1, 1, -1):
        series = b.number(1.0 / math.factorial(n)) + r * series
    return r + (r * r) * series, shifted


def _exp(b: Builder, x: Value) -> Value:
    f = _FORMATS[b.dtype]
    low, high, magic = b.number(f.lowest), b.number(f.highest), b.number(f.magic)
    x = _below(b, x, low, low, x)
    x = _below(b, high, x, high, x)
    p, shifted = _reduced(b, x)
    k = shifted - magic
    half = k * b.number(0.5) + magic  # 2^k in two steps: it may be no normal number
    rest = (k - (half - magic)) + magic
    return ((b.number(1.0) + p) * _power_of_two(b, half)) * _power_of_two(b, rest)


def _expm1(b: Builder, x: Value) -> Value:
    low = b.number(-2 * _FORMATS[b.dtype].flat)
    p, shifted = _reduced(b, _below(b, x, low, low, x))
    scale = _power_of_two(b, shifted)
    return scale * p + (scale - b.number(1.0))


def _tanh(b: Builder, x: Value) -> Value:
    size, flat = b.intrinsic("fabs", x), b.number(_FORMATS[b.dtype].flat)
    size = _below(b, flat, size, flat, size)
    grown = _expm1(b, size + size)
    return b.intrinsic("copysign", grown / (grown + b.number(2.0)), x)


def _exp_of_minus_size(b: Builder, x: Value) -> Value:
    return _exp(b, b.number(-0.0) - b.intrinsic("fabs", x))


def _sigmoid(b: Builder, x: Value) -> Value:
    small = _exp_of_minus_size(b, x)
    return _below(b, x, b.number(0.0), small, b.number(1.0)) / (b.number(1.0) + small)


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
    (x,) = b.function(f"{name}_{dtype}", ".x", b.T)
    return b.inlined(ELEMENTARY[name](b, x))
