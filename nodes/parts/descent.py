"""What rules share that step down the gradient of a loss of their own: Adam over small batches."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from nodegraph import Array, Rule
from nodegraph.errors import DataError
from nodegraph.maths import cond

__all__ = [
    "EPSILON",
    "FADING",
    "Clock",
    "Descent",
    "clock",
    "descend",
    "descended",
    "moments",
    "settled",
]

FADING = 0.9, 0.999  # of the means of the gradient and of its square
EPSILON = 1e-8


class Clock(NamedTuple):
    """Where a course of descent stands; numbers of double precision, so that loops can count."""

    rows: Array  # () in the batch so far
    powers: Array  # (2,) the fadings to the power of the updates so far


class Descent(Rule):
    """Gather the gradients of `batch` steps, then move by Adam [1]_ with decay of weights [2]_.

    With g the mean gradient, ``m = 0.9 m + 0.1 g`` and ``v = 0.999 v + 0.001 g^2``::

        w -= rate (m / (1 - 0.9^k) / (sqrt(v / (1 - 0.999^k)) + 1e-8) + decay w)

    A weight moves by at most 7.3 rate in an update, however large the gradient, so that it never
    leaves ``|w| <= max(|w_0|, 7.3 / decay)``: from Cauchy's inequality,
    ``|m| / sqrt(v) <= 0.1 / sqrt(0.001) / sqrt(1 - 0.81 / 0.999) < 7.3``.

    Parameters
    ----------
    rate : float, above 0
        Size of a step.
    batch : int
        How many steps of data an update looks at.
    decay : float, at least 0
        Pull of the weights towards 0; their bound is 7.3 / decay.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, ICLR (2015).
    .. [2] I. Loshchilov, F. Hutter, ICLR (2019).
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False

    rate: PositiveFloat = 2e-3
    batch: PositiveInt = 32
    decay: NonNegativeFloat = 0.01
    epochs: PositiveInt = 1

    def within(self, name: str, array: Array) -> Array:
        """Return an array after an update, brought back to the numbers that it may have."""
        return array

    def require_update(self, clock: Clock) -> None:
        """Raise DataError if a course ends before its first update."""
        if clock.powers[0] == 1:
            raise DataError(
                f"{type(self).__name__} saw {int(clock.rows)} steps to learn from, less than one "
                f"batch of {self.batch}; give more data or write batch={max(1, int(clock.rows))}"
            )


def clock() -> Clock:
    """Return the clock before the first step."""
    return Clock(np.zeros(()), np.ones(2))


def moments(w: Array) -> Array:
    """Return the sum of gradients in this batch, m and v, all 0."""
    return np.zeros((3, *w.shape))


def descended(
    w: Array, sums: Array, powers: Array, rule: Descent, rows: Any = None
) -> tuple[Array, Array]:
    """Return the weights after an update, and what is held of their gradients.

    Parameters
    ----------
    w : ndarray
    sums : ndarray, shape (3, ...)
        See `moments`.
    powers : ndarray, shape (2,)
        The fadings to the power of the updates, this one included.
    rule : Descent
    rows : int, optional
        How many rows the gradients are of, if not `batch`.
    """
    total, m, v = sums
    g = total / (rule.batch if rows is None else rows)
    m = FADING[0] * m + (1 - FADING[0]) * g
    v = FADING[1] * v + (1 - FADING[1]) * (g * g)
    move = m / (1 - powers[0]) / (np.sqrt(v / (1 - powers[1])) + EPSILON)
    moved = w - rule.rate * (move + rule.decay * w)
    return moved.astype(w.dtype), np.stack([np.zeros_like(g), m, v])


def descend(
    rule: Descent, params: Any, sums: Any, clock: Clock, names: tuple[str, ...], rows: int = 1
) -> tuple[Any, Any, Clock]:
    """Return ``(params, sums, clock)`` some rows later: arrays called `names` move if it is time.

    Parameters
    ----------
    rule : Descent
    params, sums : NamedTuple
        The arrays, and what `moments` holds of each by the same name.
    clock : Clock
    names : tuple of str
    rows : int
        How many rows the gradients in `sums` are of that are not counted yet.
    """
    count = clock.rows + rows

    def moved(params: Any, sums: Any, clock: Clock) -> tuple[Any, Any, Clock]:
        now = Clock(0 * count, clock.powers * np.array(FADING))
        pairs = {
            name: descended(getattr(params, name), getattr(sums, name), now.powers, rule, count)
            for name in names
        }
        params = params._replace(**{name: rule.within(name, w) for name, (w, _) in pairs.items()})
        return params, sums._replace(**{name: pair[1] for name, pair in pairs.items()}), now

    later: tuple[Any, Any, Clock] = cond(
        count >= rule.batch, moved, params, sums, clock._replace(rows=count)
    )
    return later


def settled(rule: Descent, params: Any, memory: Any, names: tuple[str, ...]) -> tuple[Any, Any]:
    """Return ``(params, memory)`` a row later; `memory` has `moments` by name, and a ``clock``."""
    params, memory, now = descend(rule, params, memory, memory.clock, names)
    return params, memory._replace(clock=now)
