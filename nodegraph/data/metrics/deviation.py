"""How far predicted numbers lie from the true ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from nodegraph.arrays import ROUNDING, Array
from nodegraph.data.metrics.pairing import pair_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.graph.messages.phrases import nearest, shown

__all__ = ["mae", "mse", "nrmse", "r2", "rmse"]


@known_arguments
def mse(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the mean squared error, ``mean_t (y - y_hat)**2``.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.
    multioutput : {"mean", "raw"}
        The mean over columns, or an array of shape (d,).

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
    return _gather("mse", ((targets - predictions) ** 2).mean(axis=0), multioutput)


@known_arguments
def rmse(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the root of the mean squared error, ``sqrt(mean_t (y - y_hat)**2)``.

    Parameters and errors are those of `mse`; the root is taken of each column before the mean.

    Examples
    --------
    >>> rmse([0.0, 0.0, 0.0, 0.0], [2.0, -2.0, 2.0, 2.0])
    2.0
    """
    return _gather("rmse", _root(*pair_rows("rmse", y, y_hat)), multioutput)


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
    return _gather("mae", np.abs(targets - predictions).mean(axis=0), multioutput)


@known_arguments
def nrmse(y: Any, y_hat: Any, norm: str = "std", multioutput: str = "mean") -> Any:
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
    multioutput : {"mean", "raw"}
        The mean over columns, or an array of shape (d,).

    Returns
    -------
    float or array

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite, or the norm of a column is zero up to
        rounding.

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
    sizes = _NORMS[norm](targets)
    _refuse_zero("nrmse", targets, sizes, f"a {norm} of zero", "write rmse, or another norm")
    return _gather("nrmse", _root(targets, predictions) / sizes, multioutput)


@known_arguments
def r2(y: Any, y_hat: Any, multioutput: str = "mean") -> Any:
    """Return the share of the target's variance that is predicted.

    ``1 - sum_t (y - y_hat)**2 / sum_t (y - mean(y))**2``: 1 is perfect, predicting the mean of the
    target scores 0, and worse predictions score below.

    Parameters
    ----------
    y, y_hat : array_like, shape (T, d), or lists of such
        Targets and predictions. Rows of `y` with a NaN are left out.
    multioutput : {"mean", "raw"}
        The mean over columns, or an array of shape (d,).

    Returns
    -------
    float or array

    Raises
    ------
    DataError
        If shapes differ, a prediction is not finite, or a column of `y` is constant.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    targets, predictions = pair_rows("r2", y, y_hat)
    spread = targets.var(axis=0)
    _refuse_zero("r2", targets, np.ptp(targets, axis=0), "no variance", "write mse")
    return _gather("r2", 1.0 - ((targets - predictions) ** 2).mean(axis=0) / spread, multioutput)


def _root(targets: Array, predictions: Array) -> Array:
    roots: Array = np.sqrt(((targets - predictions) ** 2).mean(axis=0))
    return roots


def _quartiles(y: Array) -> Array:
    low, high = np.percentile(y, [25, 75], axis=0)
    distance: Array = high - low
    return distance


_NORMS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {
        "std": lambda y: y.std(axis=0),
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


def _gather(where: str, scores: Array, multioutput: str) -> Any:
    if multioutput not in ("mean", "raw"):
        raise DataError(
            f"{where}.multioutput: should be 'mean' or 'raw' (got {shown(multioutput)})"
        )
    return scores if multioutput == "raw" else float(scores.mean())
