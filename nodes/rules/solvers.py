"""Solving a penalised least-squares problem from its statistics."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.errors import IllConditionedWarning
from nodes.rules.statistics import Centred, one_thread

__all__ = ["Solution", "solve"]

EPS = float(np.finfo(float).eps)


class Solution(NamedTuple):
    """Weights and how they were found; `rank` is that of the inputs, as far as was needed."""

    W: Array  # (n_out, n_in)
    b: Array  # (n_out,)
    solver: str
    condition: float
    rank: int

    def warn(self) -> Solution:
        """Return itself, with a warning if the weights are not the only ones."""
        if self.rank < self.W.shape[1]:
            warnings.warn(
                f"the readout's inputs are linearly dependent: rank {self.rank} of "
                f"{self.W.shape[1]}, condition number {self.condition:.1e}; the weights of least "
                "norm were taken; a larger ridge makes them certain",
                IllConditionedWarning,
                stacklevel=2,
            )
        return self


def solve(centred: Centred, ridge: float) -> Solution:
    """Return the W, b that minimise ``sum |t - W x - b|^2 + ridge |W|^2``.

    Cholesky first; where the matrix is singular to working precision, the eigenvectors that carry
    anything.
    """
    A = centred.xx + ridge * np.eye(len(centred.x))
    with one_thread():
        found = _by_cholesky(A, centred.xt) or _by_eigenvectors(A, centred.xt)
    W, solver, condition, rank = found
    return Solution(W, centred.t - W @ centred.x, solver, condition, rank)


def _by_cholesky(A: Array, xt: Array) -> tuple[Array, str, float, int] | None:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, lapack

    try:
        factor = cho_factor(A, lower=False, check_finite=False)
    except LinAlgError:
        return None
    inverse, _ = lapack.dpocon(factor[0], np.abs(A).sum(axis=0).max())
    condition = 1 / inverse if inverse > 0 else np.inf
    if condition > 1 / EPS:
        return None
    return cho_solve(factor, xt, check_finite=False).T, "cholesky", float(condition), len(A)


def _by_eigenvectors(A: Array, xt: Array) -> tuple[Array, str, float, int]:
    from scipy.linalg import eigh

    values, vectors = eigh(A, check_finite=False)
    largest = max(float(values[-1]), np.finfo(float).tiny)
    kept = values > 10 * EPS * largest  # the rest is rounding; a ridge above it keeps all
    condition = float(largest / values[0]) if values[0] > 0 else np.inf
    basis = vectors[:, kept]
    W = (basis @ ((basis.T @ xt) / values[kept, None])).T
    return W, "eigenvectors", condition, int(kept.sum())
