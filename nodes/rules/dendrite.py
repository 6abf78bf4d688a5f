"""Dendrites that learn to predict their unit, by normalised least mean squares."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import PositiveFloat

from nodegraph.maths import norm, total, where
from nodegraph.node import Node
from nodegraph.rule import Rule, Seen

__all__ = ["Dendrite"]

EPSILON = 1e-2  # keeps the rates finite where nothing happens


class Dendrite(Rule):
    """Let each dendrite foretell the target of its unit a bit better.

    With s the states of the others that it reads, of ``tau_i`` steps ago, and
    ``e = target - v . s``, ``v = v + rate e s / (0.01 + |s|^2)``:
    normalised least mean squares [1]_.

    Safeguards: v is scaled down to the norm `longest` where it is above it; nothing is learned
    before there was a step tau_i steps ago.

    Parameters
    ----------
    rate : float
        Part of an error that one step mends.
    longest : float, above 0
        Largest norm of v.

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 4th ed., Prentice Hall (2002), chapter 6.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("v",)

    rate: PositiveFloat = 0.02
    longest: PositiveFloat = 2.0

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return ``(params, memory)`` one step later."""
        past, now = seen.state.past, seen.state.steps - 1
        rows, units = past.shape
        places = (now - params.tau[:, None]) % rows * units + params.reads - len(seen.x)
        side = past.reshape(-1)[places].astype(float)
        e = seen.state.target - total(params.v * side, axis=1)
        scale = self.rate * e / (EPSILON + total(side**2, axis=1))
        v = params.v + where(now >= params.tau, scale, 0)[:, None] * side
        length = norm(v, axis=1, keepdims=True)
        v = v * where(length > self.longest, self.longest / np.maximum(length, self.longest), 1.0)
        return params._replace(v=v.astype(params.v.dtype)), memory

    def shortest(self, node: Node) -> int:
        """Return the first step at which something can be learned, and one more."""
        return 2
