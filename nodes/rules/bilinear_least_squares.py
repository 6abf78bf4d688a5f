"""A bilinear system learned from how its activity changes: online, supervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import PositiveFloat

from nodegraph import Array, Fraction, Rule, Seen
from nodegraph.maths import cond, einsum, matvec, outer
from nodes.parts.recursion import Recursion, recursion
from nodes.parts.solvers import duration

__all__ = ["BilinearLeastSquares"]


class BilinearLeastSquares(Rule):
    """Recursive least squares [1]_ on the change of the activity that is taught.

    With d[t] the activity that is the target and u[t] the input, P as in `RecursiveLeastSquares`::

        z = [d[t-1], u_1[t] d[t-1], u_2[t] d[t-1], ..., u[t]]
        e = (d[t] - d[t-1]) / dt - ((A + sum_j u_j[t] B_j) d[t-1] + C u[t])
        k = P z / (forgetting + z' P z)
        [A, B_1, B_2, ..., C] += e k'

    The first step of a series, and one after a gap, has no change to learn from.

    Parameters
    ----------
    alpha : float
        Penalty on the weights.
    forgetting : float in (0, 1]
        Weight of an error one step ago.

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 5th ed. (2014), chapter 10.
    """

    class Memory(NamedTuple):
        """P, and the last activity and which step of the series it was of."""

        P: Recursion
        activity: Array  # (n,)
        age: Array  # () int

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("A", "B", "C")

    alpha: PositiveFloat = 1e-6
    forgetting: Fraction = 1.0

    def begin(self, params: Any) -> Memory:
        """Return ``P = I / alpha``, and no activity."""
        n, m = params.C.shape
        P = recursion(n + m * n + m, self.alpha)
        return self.Memory(P, np.zeros(n), np.zeros((), np.int64))

    def update(self, params: Any, memory: Memory, seen: Seen) -> tuple[Any, Memory]:
        """Return params and memory one step later."""
        goes_on = (seen.state.age > 1) & (memory.age == seen.before.age)
        params, P = cond(goes_on, lambda p, P: self._moved(p, P, memory, seen), params, memory.P)
        return params, self.Memory(P, seen.target.astype(float), seen.state.age)

    def _moved(self, p: Any, P: Recursion, memory: Memory, seen: Seen) -> tuple[Any, Recursion]:
        (n, m), u, before = p.C.shape, seen.x.astype(float), memory.activity
        products = outer(u, before).reshape(m * n)
        k, P = P.moved(np.concatenate([before, products, u]), self.alpha, self.forgetting)
        dt = duration(seen.ports.get("dt"), u)
        A = p.A + einsum("j,jkl->kl", u, p.B)
        e = (seen.target - before) / dt - (matvec(A, before) + matvec(p.C, u))
        dB = e[None, :, None] * k[n : n + m * n].reshape(m, n)[:, None]
        changes = outer(e, k[:n]), dB, outer(e, k[n + m * n :])
        A, B, C = (
            (old + d).astype(old.dtype) for old, d in zip((p.A, p.B, p.C), changes, strict=True)
        )
        return p._replace(A=A, B=B, C=C), P
