"""Patterns of signs that are stored in the weights between units: online, unsupervised."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from nodegraph import Array, Rule, Seen
from nodegraph.errors import warn
from nodegraph.maths import outer, total, where

__all__ = ["Association"]


class Association(Rule):
    """Join the units of a `nodes.Hopfield` that have the same sign: ``dW_ij = s_i s_j / n`` [1]_.

    s are the signs of the n inputs, 1 for 0, which is said; no unit is joined to itself.

    References
    ----------
    .. [1] J. J. Hopfield, Proc. National Academy of Sciences 79 (1982) 2554-2558.
    """

    class Memory(NamedTuple):
        """How many numbers were 0."""

        zeros: Array

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("W", "stored")

    def begin(self, params: Any) -> Memory:
        """Return the memory before the first pattern."""
        return self.Memory(np.zeros(()))

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` after one more pattern."""
        s = where(seen.x >= 0, 1.0, -1.0)
        n = len(s)
        change = outer(s, s) / n * (1 - np.eye(n))
        W = (params.W + change).astype(params.W.dtype)
        zeros = memory.zeros + total((seen.x == 0).astype(float))
        return params._replace(W=W, stored=params.stored + 1), self.Memory(zeros)

    def finish(self, params: Any, memory: Memory) -> Any:
        """Return the params as they are; say that patterns of 0 and 1 are no signs."""
        if memory.zeros:
            warn(
                "Hopfield: patterns are taken by their signs, and 0 for 1; give patterns of -1 and "
                '1, such as np.where(x > 0, 1, -1), or write mode="modern"'
            )
        return params
