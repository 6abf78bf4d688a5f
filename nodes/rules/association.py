"""Patterns of signs that are stored in the weights between units: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from nodegraph import Rule, Seen
from nodegraph.maths import outer, where

__all__ = ["Association"]


class Association(Rule):
    """Join the units of a `nodes.Hopfield` that have the same sign: ``dW_ij = s_i s_j / n`` [1]_.

    s are the signs of the n inputs; no unit is joined to itself.

    References
    ----------
    .. [1] J. J. Hopfield, Proc. National Academy of Sciences 79 (1982) 2554-2558.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "stored")

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after one more pattern."""
        s = where(seen.x >= 0, 1.0, -1.0)
        n = len(s)
        change = outer(s, s) / n * (1 - np.eye(n))
        W = (params.W + change).astype(params.W.dtype)
        return params._replace(W=W, stored=params.stored + 1), memory
