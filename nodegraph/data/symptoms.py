"""What signals of a node look like with which little can be learned: dead, saturated, raw."""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array

__all__ = ["beyond", "is_still", "raw_input"]

EDGE = 0.99  # of a range: from there on a state is saturated
SPREADS, WIDE, STILL = 3.0, 10.0, 1e-9
RESTS = 1e-6  # of the largest output: more than the last bits of float32


def beyond(y: Array, low: float, high: float) -> float:
    """Return the share of `y` that is beyond .99 of a range, seen from its middle.

    Examples
    --------
    >>> beyond(np.array([-1.0, 0.0, 0.98, 0.995]), -1.0, 1.0)
    0.5
    """
    middle, half = (low + high) / 2, (high - low) / 2
    return float((np.abs(y - middle) > EDGE * half).mean())


def is_still(x: Array, y: Array) -> bool:
    """Tell whether outputs `y` come to rest, while inputs `x` do not or never moved at all.

    The later half of the rows is judged, by the largest output: of that half, or of all rows if no
    input ever moved. Outputs that come to rest with an input that moved before are no fault of the
    node, nor are those that a rule has made small and that still move.

    Examples
    --------
    >>> t = np.arange(100.0)[:, None]
    >>> is_still(0 * t, 1 - 0.5**t), is_still(t, 1e-3 * t), is_still(np.minimum(t, 9), 0.5**t)
    (True, False, False)
    """
    late = slice(len(y) // 2, None)
    moved = bool(np.ptp(x, axis=0).any())
    largest = np.abs(y[late] if moved else y).max(initial=0.0)
    if np.ptp(y[late], axis=0).max(initial=0.0) > RESTS * largest:
        return False
    return not moved or bool(np.ptp(x[late], axis=0).any())


def raw_input(x: Array, gain: Array | float = 1.0, far: float = 2.0, faint: float = 0.0) -> str:
    """Return what is wrong with inputs that no one has scaled, and the cure; else nothing.

    A mean above three spreads and above `far`, or a spread above 10, both times `gain`; or no
    spread above `faint`. Columns that are constant are biases.

    Examples
    --------
    >>> raw_input(np.array([[1013.0], [1009.0]]))
    'its input has mean 1.01e+03 and spread 2: put a Scaler in front'
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = np.abs(x.mean(axis=0)), x.std(axis=0)
    moving = spread > STILL * mean
    odd = (moving & (mean > SPREADS * spread) & (mean * gain > far)) | (spread * gain > WIDE)
    if odd.any():
        worst = int(np.argmax(np.where(odd, (mean + spread) * gain, -1.0)))
        column = f" (column {worst})" if x.shape[1] > 1 else ""
        return (
            f"its input{column} has mean {x[:, worst].mean():.3g} and spread {spread[worst]:.3g}: "
            "put a Scaler in front"
        )
    if moving.any() and spread[moving].max() < faint:
        return f"its input has a spread of {spread.max():.2g}: put a Scaler in front"
    return ""
