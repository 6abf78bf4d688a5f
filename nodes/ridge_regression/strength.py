"""The ridge strength that predicts best what is left out in turn, and what speaks against one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from nodegraph import Array
from nodegraph.errors import DataWarning, warn
from nodes.ridge_regression.gathered import joined, outweighs
from nodes.ridge_regression.solvers import mean_rmse

__all__ = [
    "chosen_strengths",
    "warn_of_end",
    "warn_of_weight",
    "warn_of_weight_beside_one",
]

WORSE = 1.5  # times the error of another strength, to be worth a word
KEPT = 0.5  # share of the variance another strength explains; less is worth a word as well
FURTHER, GAIN = (1, 2, 4, 6, 8), 0.02  # powers of ten beyond the end; what is worth a word there
SMALL, NOTHING = 1e-6, 0.95  # errors: as good as none, and no better than that of the mean
LOOKED_AT = (1e-1, 1e-3, 1e-5)  # strengths to compare with, as shares of the mean sum of squares


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
            solution = rest.solve(ridge, fit_bias)
            errors[i] += left_out.squared_error(solution.W, solution.b)
    return errors


def _share(folds: Sequence[Any], fit_bias: bool, own: slice, ridge: float) -> float:
    """Return the error of one strength on what was left out, in units of its spread."""
    (error,), whole = _left_out_errors(folds, [ridge], fit_bias), joined(folds)
    return mean_rmse(error[own] / whole.spread()[own] ** 2, whole.n)


def warn_of_end(
    strengths: Sequence[float], errors: Sequence[float], error_of: Callable[[float], float]
) -> None:
    """Warn if the least error is at an end of the strengths, and less beyond it.

    Parameters
    ----------
    strengths : sequence of float
    errors : sequence of float
        Of what was left out, in units of its spread.
    error_of : callable
        That of any other strength.
    """
    best = int(np.argmin(errors))
    ridge, error = strengths[best], errors[best]
    if ridge not in (min(strengths), max(strengths)) or error <= SMALL:
        return
    largest = ridge == max(strengths)
    beyond = [ridge * 10.0 ** (step if largest else -step) for step in FURTHER]
    least = min(map(error_of, beyond))
    if least >= min(NOTHING, (1 - GAIN) * error):
        return
    warn(
        f"ridge: the {'largest' if largest else 'smallest'} strength there was ({ridge:g}) "
        f"predicts best what is left out ({error:.3g} of its spread), and others beyond it better "
        f"({least:.3g}): give your own list further out, such as "
        f"ridge=[{', '.join(f'{r:.0e}' for r in beyond)}], or bring the inputs to one size with a "
        "Scaler",
        DataWarning,
    )


def warn_of_weight(data: Any, ridge: float, fit_bias: bool) -> None:
    """Warn of a penalty that `outweighs` the inputs, if a weaker one would predict much better.

    Errors on rows not seen are told from those on all rows by generalised cross-validation [1]_.

    Parameters
    ----------
    data : Statistics or Rows
    ridge : float
    fit_bias : bool

    References
    ----------
    .. [1] G. Golub, M. Heath, G. Wahba, Technometrics 21 (1979) 215-223.
    """
    mean = data.mean_square_sum()
    values = data.spectrum()
    errors = {
        r: _unseen(data, values, r, fit_bias) for r in (ridge, *(mean * f for f in LOOKED_AT))
    }
    best = min(errors, key=lambda r: errors[r])
    if not _is_worse(errors[ridge], errors[best]):
        return
    warn(
        f"ridge={ridge:g} outweighs the inputs, whose sums of squares are {mean:.1e} in the mean: "
        f"rows not seen would be told with an error of {errors[ridge]:.2g} spreads of the target, "
        f"with ridge={best:.0e} of {errors[best]:.2g}; put a Scaler in front, or write that",
        DataWarning,
    )


def warn_of_weight_beside_one(moments: Any, ridge: float, squared: Array) -> None:
    """Warn if a penalty outweighs inputs that are tiny, and one of them alone would tell more.

    Parameters
    ----------
    moments : Moments
    ridge : float
    squared : array, shape (n_out,)
        Sums of squared errors of what was learned.
    """
    mean = float(moments.xx.mean())
    if not outweighs(ridge, mean, moments.n):
        return
    explained = moments.xt**2 / np.where(moments.xx > 0, moments.xx, 1.0)[:, None]
    spread = np.where(moments.tt > 0, moments.tt, 1.0)
    error = float(np.sqrt(squared / spread).mean())
    alone = float(np.sqrt(np.maximum(moments.tt - explained.max(axis=0), 0.0) / spread).mean())
    if not _is_worse(error, alone):
        return
    warn(
        f"ridge={ridge:g} outweighs the inputs, whose sums of squares are {mean:.1e} in the mean: "
        f"an error of {error:.2g} spreads of the target is left, with one input alone {alone:.2g}; "
        f"put a Scaler in front, or write ridge={mean * LOOKED_AT[1]:.0e}",
        DataWarning,
    )


def _is_worse(error: float, best: float) -> bool:
    """Tell whether an error is much worse than another, both in spreads of the target.

    Much is half as much again, or half of what is explained: noise keeps both errors near 1.

    Examples
    --------
    >>> _is_worse(0.2, 0.1), _is_worse(0.99, 0.7), _is_worse(0.8, 0.7), _is_worse(1.0, 0.97)
    (True, True, False, False)
    """
    lost = best < NOTHING and 1 - error**2 < KEPT * (1 - best**2)
    return error > SMALL and (error > WORSE * best or lost)


def _unseen(data: Any, values: Array, ridge: float, fit_bias: bool) -> float:
    """Return the error to expect on rows that were not seen, in units of the targets' spread."""
    solution = data.solve(ridge, fit_bias)
    squares = data.squared_error(solution.W, solution.b) / data.n
    freedom = fit_bias + float((values / (values + ridge)).sum())
    shares = np.sqrt(squares) / data.spread() / max(1 - freedom / data.n, 1e-12)
    return float(shares.mean())
