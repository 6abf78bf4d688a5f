"""Inverse correlations P of small problems of least squares, 16 abreast, in one pass a step.

P holds the rows of lower triangles, one behind the other. A step multiplies by P and then changes
it. The change is put off until the product of the next step, which goes through P anyway.
"""

from __future__ import annotations

from typing import Any

from nodes.kernels.abreast import MANY, add_multiples, changed_products
from nodes.kernels.compiling import inner

__all__ = ["multiply", "put_off", "renew", "settle"]


@inner
def multiply(P: Any, change: Any, h: Any, Ph: Any) -> None:
    """Do the change that P still waits for, and set ``Ph = P h``: one pass over P for both.

    The change is ``P = (P + left right') growth``, of `put_off`.
    """
    left, right, growth = change
    start = 0
    for i in range(len(h)):
        changed_products(P, start, left, right, i, growth, h, i, Ph)
        start += i + 1


@inner
def put_off(Ph: Any, gain: Any, due: Any, forgetting: Any, change: Any) -> None:
    """Let P wait for the change ``(P + gain Ph Ph') / forgetting`` of the units that are due."""
    left, right, growth = change
    left[:] = Ph
    for i in range(len(Ph)):
        for lane in range(MANY):
            right[i, lane] = Ph[i, lane] * gain[0, lane]
    for lane in range(MANY):
        growth[0, lane] = 1.0 / forgetting if due[lane] else 1.0


@inner
def settle(P: Any, change: Any) -> None:
    """Do the change that P still waits for; none is left, also in the signs of zeros."""
    left, right, growth = change
    start = 0
    for i in range(len(left)):
        add_multiples(P, start, left, 0, i + 1, right, i, growth)
        start += i + 1
    left[:], right[:], growth[:] = 0.0, -0.0, 1.0


@inner
def renew(P: Any, change: Any, hPh: Any, trace: Any, alpha: Any, most: Any) -> None:
    """Let P of units start anew where its trace is above `most`, or ``h' P h`` below 0."""
    left, right, growth = change
    q, start, settled = len(left), 0, False
    trace[:] = 0.0
    for i in range(q):
        for lane in range(MANY):
            changed = (P[start + i, lane] + left[i, lane] * right[i, lane]) * growth[0, lane]
            trace[lane] += changed
        start += i + 1
    for lane in range(MANY):
        if hPh[lane] >= 0.0 and trace[lane] <= most:
            continue
        if not settled:
            settle(P, change)
            settled = True
        start = 0
        P[:, lane] = 0.0
        for i in range(q):
            P[start + i, lane] = 1.0 / alpha
            start += i + 1
