"""Parts of the data that are left out in turn, and the ridge strength that predicts them best."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from itertools import pairwise
from typing import Any

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.strength import warn_of_end

__all__ = ["chosen_strengths", "dealt", "joined", "mean_rmse"]


def dealt(block: int, n: int, folds: int) -> list[tuple[int, slice]]:
    """Return which fold gets which of the n rows of a block: the first block is dealt out to all.

    Examples
    --------
    >>> dealt(0, 5, 2)
    [(0, slice(0, 2, None)), (1, slice(2, 5, None))]
    >>> dealt(3, 5, 2)
    [(1, slice(0, 5, None))]
    """
    if block:
        return [(block % folds, slice(0, n))]
    cuts = [n * i // folds for i in range(folds + 1)]
    pairs = enumerate(pairwise(cuts))
    return [(fold, slice(start, stop)) for fold, (start, stop) in pairs if stop > start]


def joined(folds: Sequence[Any]) -> Any:
    """Return all folds as one: statistics, or rows."""
    return reduce(lambda one, other: one.plus(other), folds)


def chosen_strengths(
    folds: Sequence[Any],
    columns: Sequence[slice],
    strengths: Sequence[float],
    fit_bias: bool,
    ends: bool = False,
) -> list[tuple[float, dict[str, Any]]]:
    """Return for each readout the strength that predicts best what was left out, and errors.

    Best is where the mean over outputs of their errors, each in units of its own spread, is least.

    Parameters
    ----------
    folds : sequence of Statistics or of Rows
    columns : sequence of slice
        The targets of each readout.
    strengths : sequence of float
        Penalties to choose from.
    fit_bias : bool
        Whether there is a bias.
    ends : bool
        Whether to warn if the best is at an end of the strengths.
    """
    if len(strengths) == 1:
        return [(strengths[0], {})] * len(columns)
    if len(folds) == 1:  # a single row: nothing can be left out
        return [(max(strengths), {})] * len(columns)
    errors = _left_out_errors(folds, strengths, fit_bias)
    rows, spread = sum(fold.n for fold in folds), joined(folds).spread()
    chosen = []
    for own in columns:
        shares = [mean_rmse(error[own] / spread[own] ** 2, rows) for error in errors]
        if ends:
            warn_of_end(strengths, shares, partial(_share, folds, fit_bias, own))
        rmse = [mean_rmse(error[own], rows) for error in errors]
        table = {f"{ridge:g}": e for ridge, e in zip(strengths, rmse, strict=True)}
        chosen.append((strengths[int(np.argmin(shares))], {"left_out_rmse": table}))
    return chosen


def _left_out_errors(
    folds: Sequence[Any], strengths: Sequence[float], fit_bias: bool
) -> list[Array]:
    """Return for each strength the sum of squared errors on all that was left out, by output."""
    errors: list[Any] = [0.0] * len(strengths)
    for left_out in folds:
        rest = joined([fold for fold in folds if fold is not left_out])
        for i, ridge in enumerate(strengths):
            found = rest.solve(ridge, fit_bias)
            errors[i] += left_out.squared_error(found.W, found.b)
    return errors


def _share(folds: Sequence[Any], fit_bias: bool, own: slice, ridge: float) -> float:
    """Return the error of one strength on what was left out, in units of its spread."""
    (error,), whole = _left_out_errors(folds, [ridge], fit_bias), joined(folds)
    return mean_rmse(error[own] / whole.spread()[own] ** 2, whole.n)


def mean_rmse(squared: Array, n: int) -> float:
    """Return the error as `nodegraph.metrics.rmse` does: the mean over outputs of their roots."""
    return float(np.sqrt(squared / n).mean())
