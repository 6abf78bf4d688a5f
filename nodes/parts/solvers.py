"""Steps of length h of explicit solvers of ``dx/dt = field(x)``, the input being held meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nodegraph.arrays import Array
from nodegraph.maths import repeat

__all__ = ["SOLVERS", "duration", "euler", "midpoint", "rk4", "unfolded"]

Field = Callable[[Any], Any]


def euler(field: Field, x: Any, h: Any) -> Any:
    """Return ``x + h field(x)``: order 1."""
    return x + h * field(x)


def midpoint(field: Field, x: Any, h: Any) -> Any:
    """Return ``x + h field(x + h/2 field(x))``: order 2.

    Examples
    --------
    >>> midpoint(lambda x: -x, 1.0, 0.5)
    0.625
    """
    return x + h * field(x + (h / 2) * field(x))


def rk4(field: Field, x: Any, h: Any) -> Any:
    """Return a step of the classical Runge-Kutta method: order 4.

    Examples
    --------
    >>> rk4(lambda x: x, 1.0, 1.0)  # 1 + 1 + 1/2 + 1/6 + 1/24
    2.708333333333333
    """
    k1 = field(x)
    k2 = field(x + (h / 2) * k1)
    k3 = field(x + (h / 2) * k2)
    k4 = field(x + h * k3)
    return x + (h / 6) * (k1 + 2 * (k2 + k3) + k4)


SOLVERS: Final[dict[str, Callable[[Field, Any, Any], Any]]] = {
    "euler": euler,
    "midpoint": midpoint,
    "rk4": rk4,
}


def duration(dt: Array | None, x: Array) -> Any:
    """Return the time since the step before, (1,), in the precision of `x`: 1 if nobody tells."""
    return x.dtype.type(1) if dt is None else dt


def unfolded(unfolds: int, move: Callable[[Any], Any], state: Any) -> Any:
    """Return `state` after `unfolds` moves, of which compiled code has one."""
    return move(state) if unfolds == 1 else repeat(unfolds, move, state)
