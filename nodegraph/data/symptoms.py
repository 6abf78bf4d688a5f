"""What columns look like with which little can be learned: saturated, at rest, too fine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, is_constant

__all__ = ["beyond", "blurred", "is_still", "raw_input", "stillness"]

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


PIECE = 4096  # rows looked at before it is asked whether all have moved


class Stillness(NamedTuple):
    """What of some series does not move.

    Parameters
    ----------
    still : array of int
        Columns that have the same number, up to rounding, in all rows without a gap.
    values : array
        What it is, for each of them.
    n_rows : int
        How many such rows were seen: all, if anything is still.
    spread : float
        How far the one of them moves that moves most: no more than rounding leaves.
    unknown : array of int
        Columns that are NaN in every row; none if some row has no gap.
    coded : bool
        Whether those still are 0 and all others go from 0 to 1: classes that do not occur here.
    """

    still: Array
    values: Array
    n_rows: int
    spread: float
    unknown: Array
    coded: bool


def stillness(parts: Sequence[Array]) -> Stillness:
    """Return what does not move in series of shape (T_i, n); it ends where all have moved.

    Examples
    --------
    >>> found = stillness([np.array([[1.0, 2.0], [np.nan, 5.0]]), np.array([[0.0, 2.0]])])
    >>> found.still, found.values, found.n_rows
    (array([1]), array([2.]), 2)
    """
    low, high, n_rows = np.array(np.inf), np.array(-np.inf), 0
    for rows in _whole_rows(parts):
        low = np.minimum(low, rows.min(axis=0, initial=np.inf))
        high = np.maximum(high, rows.max(axis=0, initial=-np.inf))
        n_rows += len(rows)
        if n_rows and not is_constant(low, high).any():
            break
    if n_rows:
        still = np.flatnonzero(is_constant(low, high))
        moves = np.ones(len(low), bool)
        moves[still] = False
        coded = bool(moves.any() and not low.any() and (high[moves] == 1).all())
        spread = float((high - low)[still].max(initial=0.0))
        return Stillness(still, low[still], n_rows, spread, still[:0], coded)
    unknown = [np.isnan(part).all(axis=0) for part in parts]
    none = np.zeros(0, int)
    return Stillness(none, low, 0, 0.0, np.flatnonzero(np.all(unknown, axis=0)), False)


def _whole_rows(parts: Sequence[Array]) -> Iterator[Array]:
    """Yield the rows without a gap, some at a time."""
    for part in parts:
        for start in range(0, len(part), PIECE):
            rows = part[start : start + PIECE]
            yield rows[~np.isnan(rows).any(axis=1)]


STEPS = 100  # roundings within what a column covers: fewer are noise of about 1 % and more
EQUAL = 1e-12  # share of its values that a column covers which is constant but for rounding
EXACT = 2.0**53  # up to here whole numbers are no matter of rounding
LOOKED_AT = 4096  # rows, evenly spread


def blurred(rows: Array, dtype: np.dtype[Any]) -> str:
    """Return which column covers but few numbers of `dtype`, and which; or nothing.

    Where both are float64, whole numbers alone are looked at, for others may be what rounding left;
    of those that are taken for such though they move, that is said.

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
    >>> print(blurred(1e15 + np.arange(9.0)[:, None], np.dtype("float64")))
    column 0 goes from 1000000000000000 to 1000000000000008, which float64 tells apart by steps \
of 0.22, and is taken for one that stands still but for rounding
    """
    if rows.dtype.itemsize < 8:  # digits were lost before
        return ""
    some = rows[:: max(1, len(rows) // LOOKED_AT)]
    known = np.isfinite(some)
    low = some.min(axis=0, where=known, initial=np.inf)
    high = some.max(axis=0, where=known, initial=-np.inf)
    with np.errstate(over="ignore"):
        covered, largest = high - low, np.maximum(abs(low), abs(high))
    step = np.finfo(dtype).eps * np.maximum(largest, np.finfo(dtype).tiny)
    single = dtype.itemsize < 8
    if single:
        found = (covered > EQUAL * largest) & (covered < STEPS * step)
    else:
        whole = (some == np.rint(some)).all(axis=0, where=known)
        moves = (covered > 0) & (largest < EXACT)
        found = moves & whole & is_constant(np.where(moves, low, 0), np.where(moves, high, 1))
    if not found.any():
        return ""
    i = int(found.argmax())
    return (
        f"column {i} goes from {low[i]:.16g} to {high[i]:.16g}, which {dtype.name} tells apart by "
        f"steps of {step[i]:.2g}"
        + ", and is taken for one that stands still but for rounding"
        * (not single)
    )
