"""Columns of data whose numbers a model's precision cannot tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array

__all__ = ["blurred"]

STEPS = 100  # roundings within what a column covers: fewer are noise of about 1 % and more
EQUAL = 1e-12  # share of its values that a column covers which is constant but for rounding
LOOKED_AT = 4096  # rows, evenly spread


def blurred(rows: Array, dtype: np.dtype[Any]) -> str:
    """Return which column covers but few numbers of `dtype`, and which; or nothing.

    Parameters
    ----------
    rows : array, shape (n_steps, n)
        What is not finite is left out.
    dtype : dtype
        Of the model.

    Examples
    --------
    >>> clock = 1.7e9 + np.arange(101.0)[:, None]
    >>> print(blurred(clock, np.dtype("float32")))
    column 0 goes from 1700000000 to 1700000100, which float32 tells apart by steps of 2e+02
    >>> blurred(clock, np.dtype("float64"))
    ''
    """
    if rows.dtype.itemsize <= dtype.itemsize:
        return ""
    some = rows[:: max(1, len(rows) // LOOKED_AT)]
    known = np.isfinite(some)
    low = some.min(axis=0, where=known, initial=np.inf)
    high = some.max(axis=0, where=known, initial=-np.inf)
    covered, largest = high - low, np.maximum(abs(low), abs(high))
    step = np.finfo(dtype).eps * np.maximum(largest, np.finfo(dtype).tiny)
    found = (covered > EQUAL * largest) & (covered < STEPS * step)
    if not found.any():
        return ""
    i = int(found.argmax())
    return (
        f"column {i} goes from {low[i]:.12g} to {high[i]:.12g}, which {dtype.name} tells apart by "
        f"steps of {step[i]:.2g}"
    )
