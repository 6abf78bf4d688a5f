"""How far predicted numbers lie from the true ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.arrays import ROUNDING, Array, is_dead
from nodegraph.data.metrics.pairing import pair_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import columns_in_words, nearest, shown

__all__ = ["mae", "mse", "nrmse", "r2", "rmse"]

MEAN, RAW = ("mean", "uniform", "uniform_average"), ("raw", "raw_values")
POOLED = ("pooled", "variance_weighted")


@known_arguments
def mse(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the mean squared error, ``mean_t (y - y_hat)**2``.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.
    multioutput : {"mean", "raw", "pooled"}
        The mean over columns; an array of shape (d,); or that of all numbers as of one column.
        "uniform_average", "raw_values" and "variance_weighted" are scikit-learn's words for them.

    Returns
    -------
    float or array

    Raises
    ------
    DataError
        If shapes differ or a prediction is not finite.

    Examples
    --------
    >>> mse([0.0, 0.0], [1.0, 3.0])
    5.0
    """
    targets, predictions = pair_rows("mse", y, y_hat)
    with np.errstate(over="ignore"):
        errors = _root_mean(targets - predictions, squared=True)
        mean = errors.mean()
    if not np.isfinite(mean):
        raise DataError("mse: the squares of errors are beyond what numbers can tell; write rmse")
    return _gather("mse", errors, multioutput, mean)


@known_arguments
def rmse(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the root of the mean squared error, ``sqrt(mean_t (y - y_hat)**2)``.

    Parameters and errors are those of `mse`; the root is taken of each column before the mean.

    Examples
    --------
    >>> rmse([0.0, 0.0, 0.0, 0.0], [2.0, -2.0, 2.0, 2.0])
    2.0
    """
    roots = _root(*pair_rows("rmse", y, y_hat))
    return _gather("rmse", roots, multioutput, _root_mean(roots))


@known_arguments
def mae(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the mean absolute error, ``mean_t |y - y_hat|``.

    Parameters and errors are those of `mse`.

    Examples
    --------
    >>> mae([0.0, 0.0], [1.0, -3.0])
    2.0
    """
    targets, predictions = pair_rows("mae", y, y_hat)
    errors = np.abs(targets - predictions).mean(axis=0)
    return _gather("mae", errors, multioutput, errors.mean())


@known_arguments
def nrmse(
    y: Any, y_hat: Any, norm: str = "std", multioutput: str = "mean", dead: str = "refuse"
) -> Any:
    """Return the root mean squared error over the spread of the target, column by column.

    ``sqrt(mean_t (y - y_hat)**2) / norm(y)``. By standard deviation, predicting the mean of the
    target scores 1.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.
    norm : {"std", "range", "mean", "iqr"}
        Standard deviation, largest minus smallest, absolute mean, or distance between the
        quartiles of `y`.
    multioutput, dead
        As in `r2`; pooled is the root of the mean squared error of all columns over that of their
        norms.

    Returns
    -------
    float or array

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite, or the norm of a column is zero up to
        rounding, or it is dead.

    Examples
    --------
    >>> nrmse([1.0, -1.0], [0.0, 0.0])
    1.0
    """
    targets, predictions = pair_rows("nrmse", y, y_hat)
    if norm not in _NORMS:
        guess = nearest(str(norm), _NORMS)
        hint = f"did you mean {guess}?" if guess else f"known are {', '.join(_NORMS)}"
        raise DataError(f"nrmse.norm: there is none called {shown(norm)}; {hint}")
    kept, sizes = _alive("nrmse", targets, dead, multioutput), _NORMS[norm](targets)
    advice = "write rmse, or another norm"
    _refuse_zero("nrmse", targets[:, kept], sizes[kept], f"a {norm} of zero", advice)
    roots = _root(targets, predictions)
    scores = np.where(kept, roots / np.where(kept, sizes, 1.0), np.nan)
    size = _power(roots[kept])
    pooled = np.sqrt(((roots[kept] / size) ** 2).mean() / ((sizes[kept] / size) ** 2).mean())
    return _gather("nrmse", scores, multioutput, pooled)


@known_arguments
def r2(y: Any, y_hat: Any, multioutput: str = "mean", dead: str = "refuse") -> Any:
    """Return the share of the target's variance that is predicted.

    ``1 - sum_t (y - y_hat)**2 / sum_t (y - mean(y))**2``: 1 is perfect, predicting the mean of the
    target scores 0, and worse predictions score below. Pooled, both sums are over all columns.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.
    multioutput : {"mean", "raw", "pooled"}
        As in `mse`.
    dead : {"refuse", "skip", "keep"}
        What becomes of columns of `y` that vary by less than 1e-12 of what the others do: they are
        refused (unless pooled, where they weigh nothing), left out (NaN where raw), or scored as
        they are.

    Returns
    -------
    float or array

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite, or a column of `y` is constant or dead.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    >>> r2([[1.0, 10.0], [2.0, 30.0]], [[1.0, 10.0], [1.5, 28.0]], multioutput="pooled")
    0.9788029925187033
    """
    targets, predictions = pair_rows("r2", y, y_hat)
    kept = _alive("r2", targets, dead, multioutput)
    ranges, advice = np.ptp(targets, axis=0)[kept], "write mse"
    if multioutput in POOLED:
        ranges = np.atleast_1d(ranges.max())
    _refuse_zero("r2", targets[:, kept], ranges, "no variance", advice)
    size = _power(np.stack([np.ptp(targets, axis=0), *np.abs(targets - predictions)]))
    if multioutput in POOLED:
        size = size.max()
    spread = np.where(kept, (targets / size).var(axis=0), 1.0)
    errors = (((targets - predictions) / size) ** 2).mean(axis=0)
    pooled = 1.0 - errors[kept].sum() / spread[kept].sum()
    with np.errstate(divide="ignore", invalid="ignore"):  # a column without variance, when pooled
        scores = np.where(kept, 1.0 - errors / spread, np.nan)
    return _gather("r2", scores, multioutput, pooled)


def _root(targets: Array, predictions: Array) -> Array:
    return _root_mean(targets - predictions)


def _root_mean(rows: Array, squared: bool = False) -> Array:
    """Return the root of the mean square of each column, or its square; squares do not overflow."""
    size = _power(rows)
    means = ((rows / size) ** 2).mean(axis=0)
    found: Array = means * size * size if squared else np.sqrt(means) * size
    return found


def _power(rows: Array) -> Array:
    """Return a power of 2 as large as the largest number of each column: it changes no bit."""
    largest = np.abs(rows).max(axis=0, initial=0.0)
    size: Array = np.ldexp(1.0, np.frexp(largest)[1] - 1)
    return np.where(largest > 0, size, 1.0)


def _quartiles(y: Array) -> Array:
    low, high = np.percentile(y, [25, 75], axis=0)
    distance: Array = high - low
    return distance


_NORMS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "std": lambda y: _root_mean(y - y.mean(axis=0)),
        "range": lambda y: np.ptp(y, axis=0),
        "mean": lambda y: np.abs(y.mean(axis=0)),
        "iqr": _quartiles,
    }
)


def _refuse_zero(where: str, y: Array, sizes: Array, what: str, advice: str) -> None:
    """Refuse a column of y whose size is zero, or rounding beside the numbers in it."""
    zero = sizes <= ROUNDING * np.abs(y).max(axis=0)
    if zero.any():
        raise DataError(f"{where}: column {int(np.argmax(zero))} of y has {what}; {advice}")


def _alive(where: str, y: Array, dead: str, multioutput: str) -> Array:
    """Return which columns of y are scored; refuse dead ones unless it is said what to do."""
    if dead not in ("refuse", "skip", "keep"):
        raise DataError(f"{where}.dead: should be 'refuse', 'skip' or 'keep' (got {shown(dead)})")
    found = is_dead(np.ptp(y, axis=0))
    if dead == "refuse" and found.any() and multioutput not in POOLED:
        varying = found & (np.ptp(y, axis=0) > 0)
        if varying.any():
            raise DataError(
                f"{where}: {columns_in_words(np.flatnonzero(found))} of y vary by less than 1e-12 "
                "of what the others do; write dead='skip' to leave them out, dead='keep' to score "
                "them as they are"
            )
    return ~found if dead == "skip" else np.ones(len(found), bool)


def _gather(where: str, scores: Array, multioutput: str, pooled: Any) -> Any:
    if multioutput in POOLED:
        return float(pooled)
    if multioutput not in (*MEAN, *RAW):
        raise DataError(
            f"{where}.multioutput: should be 'mean' or 'raw', or 'pooled' "
            f"(got {shown(multioutput)})"
        )
    return scores if multioutput in RAW else float(np.nanmean(scores))
