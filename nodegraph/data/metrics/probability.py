"""How good predictions are that say how sure they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.pairing import check_tables
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["coverage", "crps", "interval_score"]


def _rows(name: str, values: Any, *, samples: bool = False) -> Array:
    array = np.asarray(values, float)
    if array.ndim == 1 + samples:
        array = array[..., None]
    if array.ndim != 2 + samples:
        wanted = "(n_members, n_steps, n_out)" if samples else "(n_steps, n_out)"
        raise DataError(f"{name}: expected shape {wanted}, got {np.shape(values)}")
    return array


def _alike(what: str, y: Array, **others: Array) -> None:
    for name, other in others.items():
        if other.shape[-2:] != y.shape:
            raise DataError(f"{what}: y has shape {y.shape}, {name} {other.shape[-2:]}")


def _known(what: str, y: Array, **said: Array) -> Array:
    """Return which values came; refuse a y without any, and what says nothing of one.

    Raises
    ------
    DataError
    """
    known = ~np.isnan(y)
    if not known.any():
        raise DataError(f"{what}: y has no value that is a number")
    if np.isinf(y).any():
        raise DataError(f"{what}: y is infinite somewhere; make it NaN there to leave it out")
    for name, values in said.items():
        odd = ~np.isfinite(values) if name == "samples" else np.isnan(values)
        if (gaps := np.argwhere(odd & known)).size:
            row, column = gaps[0, -2:]
            raise DataError(
                f"{what}: {name}: {values[tuple(gaps[0])]} in row {row}, column {column}; a value "
                "that nothing is said of is scored if y is known there: make y NaN there to leave "
                "it out"
            )
    return known


def _in_order(what: str, low: Array, high: Array) -> None:
    """Refuse ends that were exchanged; some may cross, as quantiles learned apart do."""
    if (low > high).any() and not (low < high).any():
        raise DataError(f"{what}: low lies above high throughout; write {what}(y, low, high)")


@known_arguments
def coverage(y: Any, low: Any, high: Any) -> float:
    """Return the share of values that lie within their interval, ends included.

    Parameters
    ----------
    y, low, high : array_like (n_steps, n_out) or (n_steps,)
        What came, and the ends; values that are NaN are left out.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If shapes differ, there is no value, an end is NaN beside one, or the ends were exchanged.

    Examples
    --------
    >>> coverage([1.0, 2.0, 9.0, 4.0], [0, 0, 0, 0], [5, 5, 5, 5])
    0.75
    """
    check_tables(y, low=low, high=high)
    y, low, high = (_rows(f"coverage: {n}", v) for n, v in (("y", y), ("low", low), ("high", high)))
    _alike("coverage", y, low=low, high=high)
    _in_order("coverage", low, high)
    known = _known("coverage", y, low=low, high=high)
    return float(((y >= low) & (y <= high))[known].mean())


@known_arguments
def interval_score(y: Any, low: Any, high: Any, level: float = 0.9) -> float:
    """Return the mean width of intervals and what they miss, times 2 over the share outside [1]_.

    ``high - low + 2 / (1 - level) (max(low - y, 0) + max(y - high, 0))``; less is better.

    Parameters
    ----------
    y, low, high : array_like (n_steps, n_out) or (n_steps,)
        What came, and the ends; values that are NaN are left out.
    level : float in (0, 1)
        The share that is to lie within.

    Raises
    ------
    DataError
        As `coverage` does, or if the level is no share.

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery, J. American Statistical Association 102 (2007) 359-378.

    Examples
    --------
    >>> interval_score([1.0, 6.0], [0.0, 0.0], [5.0, 5.0], level=0.5)
    7.0
    """
    check_tables(y, low=low, high=high)
    y, low, high = (
        _rows(f"interval_score: {n}", v) for n, v in (("y", y), ("low", low), ("high", high))
    )
    _alike("interval_score", y, low=low, high=high)
    _in_order("interval_score", low, high)
    if not 0 < level < 1:
        raise DataError(f"interval_score.level: should lie between 0 and 1, got {level}")
    known = _known("interval_score", y, low=low, high=high)
    missed = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return float((high - low + 2 / (1 - level) * missed)[known].mean())


@known_arguments
def crps(y: Any, samples: Any) -> float:
    """Return the continuous ranked probability score of an ensemble [1]_, in units of y.

    ``mean |x_i - y| - mean |x_i - x_j| / 2`` over members i and j, the mean over steps and outputs:
    the mean absolute error of a forecast with one member. Less is better.

    Parameters
    ----------
    y : array_like (n_steps, n_out) or (n_steps,)
        What came; values that are NaN are left out.
    samples : array_like (n_members, n_steps, n_out) or (n_members, n_steps)
        What each member said.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If shapes differ, there is no value, or what a member says of one is not finite.

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery, J. American Statistical Association 102 (2007) 359-378.

    Examples
    --------
    >>> crps([0.0], [[1.0], [3.0]])
    1.5
    """
    y, members = _rows("crps: y", y), _rows("crps: samples", samples, samples=True)
    _alike("crps", y, samples=members)
    known, m = _known("crps", y, samples=members), len(members)
    members = members[:, known]
    far = np.abs(members - y[known]).mean(axis=0)
    ranks = 2 * np.arange(1, m + 1) - m - 1  # sum of |x_i - x_j| over pairs, from sorted ones
    apart = np.tensordot(ranks, np.sort(members, axis=0), 1) / m**2
    return float((far - apart).mean())
