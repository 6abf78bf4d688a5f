"""Solving a penalised least-squares problem: from its scatter, or from a few rows."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.errors import IllConditionedWarning
from nodegraph.numerics import numerics
from nodes.rules.blas_threads import bounded_threads
from nodes.rules.gram import product

__all__ = ["Solution", "solve_dual", "solve_primal"]

EPS = float(np.finfo(float).eps)


class Solution(NamedTuple):
    """Weights and how they were found; `rank` is that of the inputs as far as it was needed."""

    W: Array  # (n_out, n_in)
    b: Array  # (n_out,)
    solver: str
    condition: float
    rank: int
    unique: bool

    def warn(self) -> Solution:
        """Return itself, with a warning if the weights are not the only ones."""
        if not self.unique:
            warnings.warn(
                f"the readout's inputs are linearly dependent: rank {self.rank} of "
                f"{self.W.shape[1]}, condition number {self.condition:.1e}; the weights of least "
                "norm were taken; a larger ridge makes them certain",
                IllConditionedWarning,
                stacklevel=2,
            )
        return self


def solve_primal(xx: Array, xt: Array, ridge: float) -> Solution:
    """Return ``W = ((xx + ridge I)^-1 xt)'`` and no bias; `xx` is changed.

    Cholesky first; where the matrix is singular to working precision, the eigenvectors that carry
    anything.
    """
    return _solve(xx, xt, ridge)


def solve_dual(xs: Array, ts: Array, ridge: float) -> Solution:
    """Return the same from fewer rows than inputs: ``W = ((xs xs' + ridge I)^-1 ts)' xs`` [1]_.

    Without a ridge many W fit; the one of least norm is returned.

    References
    ----------
    .. [1] C. Saunders, A. Gammerman, V. Vovk, ICML (1998) 515-521.
    """
    with bounded_threads():
        found = _solve(product(xs, xs.T), ts, ridge)
        return found._replace(
            W=product(found.W, xs), solver=f"dual {found.solver}", unique=found.unique and ridge > 0
        )


def _solve(A: Array, B: Array, ridge: float) -> Solution:
    A.flat[:: len(A) + 1] += ridge
    with bounded_threads():
        by_cholesky = _by_own_cholesky if numerics() == "portable" else _by_cholesky
        return by_cholesky(A, B) or _by_eigenvectors(A, B)


def _by_own_cholesky(A: Array, B: Array) -> Solution | None:
    """Solve in compiled loops of our own; the condition number is that of the diagonal."""
    from nodes.kernels.cholesky import solve_positive

    found = solve_positive(A, B)
    if found is None or found[1] > 1 / EPS:
        return None
    W = found[0].T
    return Solution(W, np.zeros(len(W)), "portable cholesky", found[1], len(A), True)


def _by_cholesky(A: Array, B: Array) -> Solution | None:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, lapack

    try:
        factor = cho_factor(A, lower=False, check_finite=False)
    except LinAlgError:
        return None
    inverse, _ = lapack.dpocon(factor[0], np.abs(A).sum(axis=0).max())
    condition = float(f"{1 / inverse:.4g}") if inverse > 0 else np.inf  # more is not repeatable
    if condition > 1 / EPS:
        return None
    W = cho_solve(factor, B, check_finite=False).T
    return Solution(W, np.zeros(len(W)), "cholesky", condition, len(A), True)


def _by_eigenvectors(A: Array, B: Array) -> Solution:
    from scipy.linalg import eigh

    values, vectors = eigh(A, check_finite=False)
    largest = max(float(values[-1]), np.finfo(float).tiny)
    kept = values > 10 * EPS * largest  # the rest is rounding; a ridge above it keeps all
    condition = float(largest / values[0]) if values[0] > 0 else np.inf
    basis, rank = vectors[:, kept], int(kept.sum())
    W = (basis @ ((basis.T @ B) / values[kept, None])).T
    return Solution(W, np.zeros(len(W)), "eigenvectors", condition, rank, rank == len(A))
