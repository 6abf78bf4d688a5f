"""The recursion of least squares: what P becomes with each input, in one pass over it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.maths import dot, sym_diagonal, sym_eye, sym_matvec, sym_rank_one, total, where

__all__ = ["Recursion", "bearable", "recursion"]

WIND_UP = 1000.0  # times the first trace of P


class Recursion(NamedTuple):
    """P and the change that it waits for, in float64.

    The change is made when the next z is there: one pass over P then does both it and P z.
    """

    P: Array  # (q (q + 1) / 2,), rows of the lower triangle
    along: Array  # (q,), k of the change: P becomes (P + scale k k') growth
    scale: Array  # ()
    growth: Array  # ()

    def moved(self, z: Any, alpha: float, forgetting: float) -> tuple[Any, Recursion]:
        """Return the gain ``P z / (forgetting + z' P z)``, (q,), and what P becomes."""
        P = sym_rank_one(self.P, self.along, self.scale, self.growth)
        Pz = sym_matvec(P, z)  # in the same pass
        kept = bearable(P, len(z), alpha, forgetting)
        scale = 1 / (kept + dot(z, Pz))
        return Pz * scale, Recursion(P, Pz, -scale, 1 / kept)


def recursion(q: int, alpha: float) -> Recursion:
    """Return ``P = I / alpha``, and no change."""
    return Recursion(sym_eye(q) / alpha, np.zeros(q), np.zeros(()), np.ones(()))


def bearable(P: Any, q: int, alpha: float, forgetting: float) -> Any:
    """Return the forgetting, or 1 where the trace of P would pass its bound."""
    if forgetting == 1:
        return np.ones(())
    most = forgetting * WIND_UP * q / alpha
    return where(total(sym_diagonal(P)) > most, 1.0, forgetting)
