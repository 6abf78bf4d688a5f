"""Steps of length h of explicit solvers of ``dx/dt = field(x)``, the input being held meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nodegraph.arrays import Array
from nodegraph.maths import repeat
from nodes.parts.tape import Taped

__all__ = ["SOLVERS", "dopri5", "duration", "euler", "midpoint", "rk4", "unfolded"]

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


def dopri5(field: Field, x: Any, h: Any) -> Any:
    """Return a step of Dormand's and Prince's method, its length being given: order 5.

    Examples
    --------
    >>> round(dopri5(lambda x: x, 1.0, 1.0), 12)  # 1 + 1 + 1/2 + 1/6 + 1/24 + 1/120 + 1/600
    2.718333333333
    """
    ks: list[Any] = []
    for row in _DORMAND_PRINCE:
        pairs = [(a, k) for a, k in zip(row, ks, strict=True) if a]
        ks.append(field(x + h * sum(a * k for a, k in pairs) if pairs else x))
    return x + h * sum(b * k for b, k in zip(_WEIGHTS, ks, strict=True) if b)


_DORMAND_PRINCE: Final = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
)
_WEIGHTS: Final = (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)

SOLVERS: Final[dict[str, Callable[[Field, Any, Any], Any]]] = {
    "euler": euler,
    "midpoint": midpoint,
    "rk4": rk4,
    "dopri5": dopri5,
}


def duration(dt: Array | None, x: Array) -> Any:
    """Return the time since the step before, (1,), in the precision of `x`: 1 if nobody tells."""
    return x.dtype.type(1) if dt is None else dt


def unfolded(unfolds: int, move: Callable[[Any], Any], state: Any) -> Any:
    """Return `state` after `unfolds` moves, of which compiled code has one, or tapes each."""
    if unfolds > 1 and not isinstance(state, Taped):
        return repeat(unfolds, move, state)
    for _ in range(unfolds):
        state = move(state)
    return state
