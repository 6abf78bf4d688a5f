"""What nodes share that are told, or decide, not to update: what is held stays to the bit."""

from __future__ import annotations

from typing import Any

from nodegraph.maths import where

__all__ = ["update_mask"]


def update_mask(mask: Any, new: Any, old: Any) -> Any:
    """Return `new` where `mask` holds, else `old`: one array, or each array of a state.

    Parameters
    ----------
    mask : bool, or array of bool
        One for all, or of a shape that goes with each array, such as one for each unit.
    new, old : array or tuple of arrays
        The same kind of thing one step later, and before.

    Examples
    --------
    >>> import numpy as np
    >>> update_mask(np.array([True, False]), np.ones(2), np.zeros(2))
    array([1., 0.])
    """
    if not isinstance(new, tuple):
        return where(mask, new, old)
    parts = [update_mask(mask, one, other) for one, other in zip(new, old, strict=True)]
    return type(new)(*parts) if hasattr(new, "_fields") else tuple(parts)
