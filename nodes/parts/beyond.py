"""Inputs that lie outside a range, so that they are all encoded alike."""

from __future__ import annotations

from nodegraph.arrays import Array

__all__ = ["beyond"]

MOST = 0.9  # share of the inputs


def beyond(x: Array, low: float, high: float) -> list[str]:
    """Return a sentence if nearly all inputs lie on one side of what is told apart.

    Examples
    --------
    >>> import numpy as np
    >>> beyond(np.array([[-65.0], [-70.0]]), 0, 1)[0][:57]
    '100 % of the inputs are below low (0), and are encoded al'
    """
    for side, share in (("below low", (x < low).mean()), ("above high", (x > high).mean())):
        if share > MOST:
            end = low if "low" in side else high
            return [
                f"{100 * share:.0f} % of the inputs are {side} ({end:g}), and are encoded alike: "
                f"they are {x.min():.4g} to {x.max():.4g}; give these as low and high"
            ]
    return []
