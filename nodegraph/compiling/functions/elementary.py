"""Functions of each number by itself that are made of others; operands come in the right types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.compiling.arrays import Var, means
from nodegraph.compiling.elementwise import elementwise
from nodegraph.compiling.ir import TraceError

__all__ = ["power"]

_POWERS: dict[float, Callable[[Any], Any]] = {
    1: lambda x: x,
    2: lambda x: x * x,
    3: lambda x: x * x * x,
    4: lambda x: (x * x) * (x * x),
}
_POWERS_OF_FLOATS = _POWERS | {-1: lambda x: 1 / x, 0.5: np.sqrt}

means("square")(lambda a: a * a)
means("positive", "conjugate")(lambda a: a)
means("fabs")(abs)
means("expit")(lambda a: Var(elementwise("sigmoid", a)))
means("tan")(lambda a: np.sin(a) / np.cos(a))
means("divmod")(lambda a, b: (a // b, a % b))
means("isinf")(lambda a: abs(a) == np.inf)
means("signbit")(lambda a: np.copysign(a.dtype.type(1), a) < 0)
means("ceil")(lambda a: -np.floor(-a) if a.dtype.kind == "f" else a)
means("trunc")(lambda a: np.copysign(np.floor(abs(a)), a) if a.dtype.kind == "f" else a)
means("xlogy")(lambda a, b: np.where((a == 0) & ~np.isnan(b), 0.0, a * np.log(b)))
means("logit")(lambda a: np.log(a / (1 - a)))
means("fmax")(lambda a, b: _of_the_known(np.maximum, a, b))
means("fmin")(lambda a, b: _of_the_known(np.minimum, a, b))
means("deg2rad", "radians")(lambda a: a * (np.pi / 180))
means("rad2deg", "degrees")(lambda a: a * (180 / np.pi))


def _of_the_known(extreme: Any, a: Any, b: Any) -> Any:
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, extreme(a, b)))


@means("power", "float_power")
def power(x: Any, p: Any) -> Any:
    """Return ``x^p``; products for the powers that steps use most."""
    known = _POWERS_OF_FLOATS if p.dtype.kind == "f" else _POWERS
    if p.op.kind == "const" and float(p.op.value) in known:
        return known[float(p.op.value)](x)
    return Var(elementwise("power", x, p))


means("exp2")(lambda a: power(2.0, a))


@means("invert")
def _invert(a: Any) -> Any:
    return np.logical_not(a) if a.dtype == bool else np.bitwise_xor(a, -1)


@means("reciprocal")
def _reciprocal(a: Any) -> Any:
    if a.dtype.kind != "f":
        raise TraceError("np.reciprocal of whole numbers is a whole number; write 1 / x")
    return 1 / a


@means("heaviside")
def _heaviside(a: Any, h: Any) -> Any:
    return np.where(a > 0, 1.0, np.where(a == 0, h, np.where(a < 0, 0.0, a)))


@means("expm1")
def _expm1(x: Any) -> Any:
    """Return ``e^x - 1``; the compiled one is for numbers that do not grow large."""
    near = Var(elementwise("expm1", np.minimum(x, 20)))
    return np.where(x > 20, np.exp(x) - 1, np.where(x == 0, x, near))


@means("log1p")
def _log1p(x: Any) -> Any:
    """Return ``log(1 + x)``; what `1 + x` loses of a small x is put right (Kahan)."""
    u = 1 + x
    near = np.log(u) * (x / (u - 1))
    return np.where(u == 1, x, np.where(np.isfinite(u) & (u != 0), near, np.log(u)))


@means("log2")
def _log2(x: Any) -> Any:
    return _snapped(np.log(x) / float(np.log(2)))


@means("log10")
def _log10(x: Any) -> Any:
    return _snapped(np.log(x) / float(np.log(10)))


def _snapped(x: Any) -> Any:
    """Return `x`, and whole numbers where it is next to one: logs of powers are whole."""
    whole = np.rint(x)
    return np.where(abs(x - whole) <= 4 * np.finfo(x.dtype).eps * abs(x), whole, x)


@means("hypot")
def _hypot(a: Any, b: Any) -> Any:
    a, b = abs(a), abs(b)
    large, small = np.maximum(a, b), np.minimum(a, b)
    ratio = small / np.where(large == 0, 1.0, large)
    found = large * np.sqrt(1 + ratio * ratio)
    return np.where((a == np.inf) | (b == np.inf), np.inf, found)


@means("sinh")
def _sinh(x: Any) -> Any:
    e, half = np.expm1(abs(x)), np.exp(abs(x) / 2)
    found = np.where(abs(x) > 22, half / 2 * half, (e + e / (e + 1)) / 2)
    return np.copysign(found, x)


@means("cosh")
def _cosh(x: Any) -> Any:
    half = np.exp(abs(x) / 2)
    return np.where(abs(x) > 22, half / 2 * half, (np.exp(x) + np.exp(-x)) / 2)


@means("logaddexp")
def _logaddexp(a: Any, b: Any) -> Any:
    far = np.maximum(a, b) + Var(elementwise("softplus", -abs(a - b)))
    return np.where(a == b, a + float(np.log(2)), far)
