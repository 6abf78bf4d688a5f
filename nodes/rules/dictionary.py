"""Causes that learn from what they leave over: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import PositiveFloat, PositiveInt

from nodegraph import Array, Rule, Seen
from nodegraph.maths import dot, matvec, norm, outer, where

__all__ = ["Dictionary", "lengthened"]


class Dictionary(Rule):
    """Turn the causes of a `nodes.SparseCoder` towards what they leave over [1]_.

    With a the code of x::

        D = D + rate (x - D a) a' / (1 + |a|^2),   then each column is brought to length 1

    Parameters
    ----------
    rate : float
        Share of the rest that one step explains, for a code of large length.
    epochs : int
        How often `fit` goes through the data.

    References
    ----------
    .. [1] B. A. Olshausen, D. J. Field, Nature 381 (1996) 607-609.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("D",)

    rate: PositiveFloat = 0.05
    epochs: PositiveInt = 1

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` one step later."""
        a = seen.state.a
        rest = seen.x - matvec(params.D, a)
        moved = params.D + self.rate / (1 + dot(a, a)) * outer(rest, a)
        return params._replace(D=lengthened(moved).astype(params.D.dtype)), memory


def lengthened(D: Array) -> Array:
    """Return D with columns of length 1; those of length 0 stay."""
    length = norm(D, axis=0)
    scaled: Array = D / where(length == 0, 1 + 0 * length, length)
    return scaled
