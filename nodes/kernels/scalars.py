"""Branch-free exp, expm1, sigmoid and tanh of one number, which compilers turn into SIMD loops.

No table, no branch, no fused operation: the same bits on every machine with IEEE arithmetic.
For use in compiled loops; in double precision good to 2.5 units in the last place, in single 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from nodes.kernels.compiling import inner

__all__ = ["Constants", "exp", "expm1", "per_precision", "sigmoid", "tanh"]


class Constants(NamedTuple):
    """Numbers of one precision, so that no loop is widened by a constant."""

    zero: Any
    one: Any
    half: Any
    hundredth: Any
    inverse: Any  # 1 / log(2)
    high: Any  # first bits of log(2): times any exponent it is exact
    low: Any  # the rest of log(2)
    magic: Any  # 1.5 * 2^(bits of the fraction): adding it rounds to a whole number
    lowest: Any  # exp is 0 from here down
    highest: Any  # and infinite from here up
    greatest: Any  # finite number
    flat: Any  # tanh is 1 from here up, expm1 is -1 from minus twice this down


def _constants(dtype: Any, *values: Any) -> Constants:
    return Constants(
        *[dtype(value) for value in (0.0, 1.0, 0.5, 0.01, 1.0 / math.log(2.0), *values)]
    )


_DOUBLE = _constants(
    np.float64,
    6.93147180369123816490e-01,
    1.90821492927058770002e-10,
    1.5 * 2**52,
    -746,
    710,
    np.finfo(np.float64).max,
    20,
)
_SINGLE = _constants(
    np.float32,
    0.693359375,
    -2.12194440054690583e-4,
    1.5 * 2**23,
    -104,
    89,
    np.finfo(np.float32).max,
    10,
)
_D = tuple(1.0 / math.factorial(n) for n in range(15))
_S = tuple(np.float32(1.0 / math.factorial(n)) for n in range(8))


@inner
def _tail_double(r: Any) -> Any:
    """Return ``(exp(r) - 1 - r) / r^2`` for ``|r| <= log(2) / 2``."""
    q = _D[12] + r * (_D[13] + r * _D[14])
    q = _D[9] + r * (_D[10] + r * (_D[11] + r * q))
    q = _D[6] + r * (_D[7] + r * (_D[8] + r * q))
    return _D[2] + r * (_D[3] + r * (_D[4] + r * (_D[5] + r * q)))


@inner
def _tail_single(r: Any) -> Any:
    q = _S[5] + r * (_S[6] + r * _S[7])
    return _S[2] + r * (_S[3] + r * (_S[4] + r * q))


Scalar = Callable[[Any], Any]
_intrinsic: Any = intrinsic  # numba fills in the first argument


def per_precision(build: Callable[[Constants, Scalar], Scalar]) -> Scalar:
    """Return a function for compiled loops; ``build(c, tail)`` gives it for each precision."""

    def stub(x: Any) -> Any:
        raise NotImplementedError("only compiled loops can call this")

    def implementation(x: Any) -> Any:
        single = x == types.float32
        chosen = build(*((_SINGLE, _tail_single) if single else (_DOUBLE, _tail_double)))
        chosen.__annotations__ = implementation.__annotations__  # numba compares them too
        return chosen

    overload(stub)(implementation)
    return stub


@_intrinsic
def _power_of_two(_: Any, shifted: Any) -> Any:
    """Return ``2^k``, given k + magic: its last bits are k, which become the exponent."""

    def build(_: Any, builder: Any, __: Any, args: Any) -> Any:
        bits, fraction, bias = (32, 23, 127) if shifted == types.float32 else (64, 52, 1023)
        integer = ir.IntType(bits)
        raised = builder.shl(builder.bitcast(args[0], integer), ir.Constant(integer, fraction))
        biased = builder.add(raised, ir.Constant(integer, bias << fraction))
        return builder.bitcast(biased, args[0].type)

    return shifted(shifted), build


@_intrinsic
def _signed_as(_: Any, size: Any, x: Any) -> Any:
    """Return `size` with the sign of `x`."""

    def build(_: Any, builder: Any, __: Any, args: Any) -> Any:
        kind = args[0].type
        both = ir.FunctionType(kind, [kind, kind])
        copysign = builder.module.declare_intrinsic("llvm.copysign", [kind], both)
        return builder.call(copysign, args)

    return size(size, x), build


@per_precision
def _reduced(c: Constants, tail: Scalar) -> Any:
    def reduced(x: Any) -> Any:
        """Return ``(expm1(r), k + magic)`` where ``x = k log(2) + r`` and k is whole."""
        shifted = x * c.inverse + c.magic
        k = shifted - c.magic
        r = (x - k * c.high) - k * c.low
        return r + r * r * tail(r), shifted

    return reduced


@per_precision
def exp(c: Constants, _: Scalar) -> Scalar:
    """Return ``e^x``, from 0 to infinity."""

    def exp(x: Any) -> Any:
        bounded = c.lowest if x < c.lowest else x
        bounded = c.highest if bounded > c.highest else bounded
        p, shifted = _reduced(bounded)
        k = shifted - c.magic
        half = k * c.half + c.magic  # 2^k itself may be out of range
        rest = k - (half - c.magic) + c.magic
        return (c.one + p) * _power_of_two(half) * _power_of_two(rest)

    return exp


@per_precision
def expm1(c: Constants, _: Scalar) -> Scalar:
    """Return ``e^x - 1`` for `x` up to 40, exact to rounding near 0."""

    def expm1(x: Any) -> Any:
        bounded = -(c.flat + c.flat) if x < -(c.flat + c.flat) else x
        p, shifted = _reduced(bounded)
        scale = _power_of_two(shifted)
        return scale * p + (scale - c.one)

    return expm1


@per_precision
def sigmoid(c: Constants, _: Scalar) -> Scalar:
    """Return ``1 / (1 + e^-x)``."""

    def sigmoid(x: Any) -> Any:
        small = exp(-abs(x))
        return (small if x < c.zero else c.one) / (c.one + small)

    return sigmoid


@per_precision
def tanh(c: Constants, _: Scalar) -> Scalar:
    """Return the hyperbolic tangent, ``(e^2x - 1) / (e^2x + 1)``."""

    def tanh(x: Any) -> Any:
        size = abs(x)
        bounded = c.flat if size > c.flat else size
        grown = expm1(bounded + bounded)
        return _signed_as(grown / (grown + (c.one + c.one)), x)

    return tanh
