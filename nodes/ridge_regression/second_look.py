"""Whether a Gram matrix has lost digits that matter, and what a second look is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.solvers import EPS, Solution
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.strength import joined
from nodes.ridge_regression.triangle import Triangle

__all__ = ["believed", "is_lost"]

WORTH = 0.5  # share of the error from which on what a Gram matrix loses is believed


def is_lost(gathered: Gathered, ridge: float, fit_bias: bool) -> bool:
    """Tell whether the normal equations are singular to working precision, so far as is known."""
    if gathered.is_small() or not isinstance(gathered.folds[0], Statistics):
        return False
    folds = gathered.data()
    with np.errstate(over="ignore", invalid="ignore"):
        largest = max(float((fold.xx.diagonal() + fold.n * fold.x**2).max()) for fold in folds)
    if not largest < np.inf or ridge > EPS * len(folds) * len(folds[0].x) * largest:
        return False  # it overflows, or the ridge is enough, whatever the rest
    whole = joined(folds)
    return bool(whole.finite()) and not whole.definite(ridge, fit_bias)


def believed(data: Any, ridge: float, fit_bias: bool) -> tuple[Solution, dict[str, str]]:
    """Return the solution to be believed after a second look, and why.

    What a Gram matrix cannot hold, singular values below 1e-8 of the largest, is noise or it is
    not. It is kept where errors on rows not seen are half as large with it, by generalised
    cross-validation [1]_, and else left out as a Gram matrix would. By less than that, noise in
    the inputs is mistaken for something to be learned.

    Parameters
    ----------
    data : Triangle, Statistics or Rows
    ridge : float
    fit_bias : bool

    References
    ----------
    .. [1] G. Golub, M. Heath, G. Wahba, Technometrics 21 (1979) 215-223.
    """
    full = data.solve(ridge, fit_bias)
    if not isinstance(data, Triangle):
        return full, {}
    cut = data.solve(ridge, fit_bias, squared=True)
    why = f"a Gram matrix cannot hold a condition number of {full.condition:.0e}: read again"
    values = data.spectrum()
    freedom = float((values / np.maximum(values + ridge, np.finfo(float).tiny)).sum())
    rest = _unseen(data, cut, cut.rank + fit_bias)
    if _unseen(data, full, freedom + fit_bias) <= WORTH * rest:
        return full, {"why": why}
    return cut, {"why": f"{why}, but what it loses tells little and was left out"}


def _unseen(data: Triangle, solution: Solution, freedom: float) -> float:
    """Return the error to expect on rows that were not seen, in units of the targets' spread."""
    errors: Array = np.sqrt(data.squared_error(solution.W, solution.b) / data.n) / data.spread()
    return float(errors.mean()) / max(1 - freedom / data.n, EPS)
