"""A linear head solved for in closed form, on whitened inputs and what is made of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.arrays import ROUNDING
from nodegraph.errors import DataError
from nodes.ridge_regression.blas import bounded_threads
from nodes.ridge_regression.solvers import solve_primal, unmoved
from nodes.ridge_regression.statistics import Statistics

__all__ = ["Head", "gains", "head_of", "moving", "require_rows", "rounded", "whitening"]

DEAD = 1e-3  # spread below which a unit, whose input is of unit size, is as good as dead


class Head(NamedTuple):
    """``z = V f + offset`` of features f: inputs about their mean, then what is made of them."""

    V: Array  # (n_target, n_in + units)
    offset: Array  # (n_target,)


def require_rows(sums: Statistics) -> None:
    """Raise DataError if there was no row to learn from, or sums are no longer finite."""
    if not sums.n:
        raise DataError(
            "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
        )
    if not sums.finite():
        raise DataError("the sums over inputs and targets overflow: scale the data down")


def moving(sums: Statistics, dtype: Any = np.float64) -> Array:
    """Tell which inputs vary by more than the rounding of numbers of their size."""
    spread = np.sqrt(sums.xx.diagonal() / max(sums.n, 1))
    share = max(10 * float(np.finfo(dtype).eps), ROUNDING)
    found: Array = spread > share * np.abs(sums.x)
    return found


def rounded(mean: Array, dtype: Any) -> tuple[Array, Array]:
    """Return a mean as numbers of this type, and what is left of it."""
    taken = mean.astype(dtype)
    return taken, (mean - taken).astype(dtype)


def gains(spread: Array) -> Array:
    """Return what brings units to spread 1; dead ones to 0, so that they never leap up."""
    return np.where(spread > DEAD, 1 / np.maximum(spread, DEAD), 0.0)


def whitening(sums: Statistics, epsilon: float, dtype: Any = np.float64) -> Array:
    """Return ``M = (C + epsilon v I)^-1/2`` for the covariance C, v its largest eigenvalue.

    What ``M x`` varies by, along each direction in which x varies by c, is ``c / (c + epsilon v)``.
    Of inputs that do not move nothing is let through.
    """
    from scipy.linalg import eigh

    upper = np.triu(sums.xx)
    moves = moving(sums, dtype)
    covariance = (upper + np.triu(upper, 1).T) / sums.n * moves * moves[:, None]
    with bounded_threads():
        values, vectors = eigh(covariance, check_finite=False)
    values = np.maximum(values, 0.0)
    least = epsilon * values[-1]
    roots = np.sqrt(values + (least if least > 0 else 1.0))
    with bounded_threads():
        matrix: Array = (vectors / roots) @ vectors.T
    return matrix * moves * moves[:, None]


def head_of(sums: Statistics, M: Array, ridge: float) -> Head:
    """Return the head of least squared error, penalised on whitened inputs.

    Parameters
    ----------
    sums : Statistics
        Of the features, the first of which are the inputs, and of the target.
    M : ndarray
        See `whitening`.
    ridge : float
        Strength of the penalty, as a share of the sum of squares of each feature.
    """
    n_in = len(M)
    upper, R = np.triu(sums.xx), np.array(sums.xt)
    still = unmoved(sums.x, upper.diagonal(), sums.n)
    upper[still] = upper[:, still] = R[still] = 0  # what is left there is rounding of the mean
    G = upper + np.triu(upper, 1).T
    with bounded_threads():
        G[:n_in] = M @ G[:n_in]
        G[:, :n_in] = G[:, :n_in] @ M
        R[:n_in] = M @ R[:n_in]
        size = np.sqrt(np.maximum(G.diagonal(), 0.0))
        size[size == 0] = 1.0
        V = solve_primal(G / size / size[:, None], R / size[:, None], ridge).W / size
        V[:, :n_in] = V[:, :n_in] @ M
    return Head(V, sums.t - V @ sums.x)
