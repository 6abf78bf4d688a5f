"""Functions of each number by itself that are made of others; operands come in the right types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.compiling.arrays import Var, means
from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.operands import elementwise

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
means("absolute")(lambda a: a if a.dtype == bool else Var(elementwise("absolute", a)))
means("sign")(lambda a: np.where(a > 0, 1, np.where(a < 0, -1, a + 0)))  # -0 becomes 0
means("isnan")(lambda a: a != a)
means("isfinite")(lambda a: a - a == 0 if a.dtype.kind == "f" else a == a)
means("invert")(lambda a: np.logical_not(a) if a.dtype == bool else a ^ -1)
means("heaviside")(lambda a, h: np.where(a > 0, 1.0, np.where(a == 0, h, np.where(a < 0, 0.0, a))))
means("log2")(lambda x: _snapped(np.log(x) / float(np.log(2))))
means("log10")(lambda x: _snapped(np.log(x) / float(np.log(10))))
means("isinf")(lambda a: abs(a) == np.inf)
means("signbit")(lambda a: np.copysign(a.dtype.type(1), a) < 0)
means("floor")(lambda a: Var(elementwise("floor", a)) if a.dtype.kind == "f" else a)
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
    if p.dtype.kind != "f":
        raise TraceError("a whole number to a power that is not known: write x.astype(float) ** p")
    return Var(elementwise("power", x, p))


means("exp2")(lambda a: power(2.0, a))


def _division(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Return divisor and rest of a division towards 0, and whether it is one below with numpy."""
    if a.dtype.kind == "f":
        rest = Var(elementwise("rest", a, b))
    else:
        is_plain = b.op.kind == "const" and b.op.value > 0
        if not is_plain:
            b = np.where((b == 0) | (b == -1), 1, b)  # the processor traps at the lowest by -1
        rest = a - b * Var(elementwise("quotient", a, b))
        if is_plain:
            return b, rest, rest < 0
    return b, rest, (rest != 0) & ((rest < 0) != (b < 0))


@means("remainder")
def _remainder(a: Any, b: Any) -> Any:
    by, rest, below = _division(a, b)
    found = np.where(below, rest + by, rest)
    return np.where(rest == 0, np.copysign(0.0, by), found) if a.dtype.kind == "f" else found


@means("floor_divide")
def _floor_divide(a: Any, b: Any) -> Any:
    by, rest, below = _division(a, b)
    if a.dtype.kind != "f":
        found = Var(elementwise("quotient", a, by)) - below.astype(int)
        return np.where(b == -1, -a, np.where(b == 0, 0, found))
    found = (a - rest) / b
    found = np.where(below, found - 1, found)
    whole = np.floor(found)
    whole = np.where(found - whole > 0.5, whole + 1, whole)
    whole = np.where(found == 0, np.copysign(0.0, a / b), whole)
    return np.where(b == 0, a / b, whole)


@means("reciprocal")
def _reciprocal(a: Any) -> Any:
    if a.dtype.kind != "f":
        raise TraceError("np.reciprocal of whole numbers is a whole number; write 1 / x")
    return 1 / a


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
