"""Whether a Gram matrix has lost digits that matter, and what a second look is worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.dual_rows import LARGE
from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.solvers import EPS, Solution
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.strength import joined
from nodes.ridge_regression.triangle import Triangle

__all__ = ["believed", "is_lost", "is_rounded"]

EPS32 = float(np.finfo(np.float32).eps) / 2
SOME = 512  # columns that are looked at for all
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


def is_rounded(gathered: Gathered, ridge: float, fit_bias: bool) -> bool:
    """Tell whether sums in float32 are too coarse for this ridge.

    With the diagonal brought to ones, what rounding adds to ``xx + ridge I`` has a norm of at most
    ``4 eps sqrt(n_in / blocks)``, as measured on reservoirs and on layers of a transformer. The
    least eigenvalue has to be twice as large: that of every second, third ... column, up to 512.
    """
    if gathered.is_small() or not getattr(gathered.folds[0], "single", False):
        return False
    whole = joined(gathered.data())
    if not whole.finite():
        return True
    n_in, mean = len(whole.x), whole.x * (not fit_bias)
    coarse = 8 * EPS32 * np.sqrt(n_in * LARGE / max(whole.n, LARGE))
    diagonal = whole.xx.diagonal() + whole.n * mean**2
    if ridge >= coarse * diagonal.max():
        return False
    from scipy.linalg import eigvalsh

    some = slice(None, None, -(-n_in // SOME))
    upper = np.triu(whole.xx[some, some])
    square = upper + np.triu(upper, 1).T + whole.n * np.outer(mean[some], mean[some])
    square.flat[:: len(square) + 1] += ridge
    roots = np.sqrt(np.where(diagonal[some] > 0, square.diagonal(), 1.0))
    return bool(eigvalsh(square / roots / roots[:, None])[0] < coarse)


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
