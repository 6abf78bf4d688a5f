"""Solving a penalised least-squares problem from the triangular factor of its rows."""

from __future__ import annotations

import numpy as np

from nodegraph import Array
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas_threads import bounded_threads
from nodes.ridge_regression.solvers import CARRYING, EPS, Solution, least_norm
from nodes.ridge_regression.triangular_factor import fold, solve_upper

__all__ = ["solve_triangle"]


def solve_triangle(R: Array, QT: Array, ridge: float, squared: bool = False) -> Solution:
    """Return ``W = ((R'R + ridge I)^-1 R'QT)'`` and no bias, without a product of R with itself.

    With ``D`` the norms of the columns, to the next power of two, ``[R; sqrt(ridge) I] D^-1`` is
    made triangular and solved for ``D W'`` [1]_: what is singular is judged where all inputs are
    of one size. There the singular vectors that carry anything are taken, and of all W that then
    fit alike that of least norm.

    Parameters
    ----------
    R : ndarray of float64, shape (n, n), column by column
    QT : ndarray of float64, shape (n, k), column by column
    ridge : float
    squared : bool
        Whether to leave out what a Gram matrix would lose.

    References
    ----------
    .. [1] A. Bjorck, Numerical Methods for Least Squares Problems, SIAM (1996), 2.7 and 5.3.
    """
    norms = np.sqrt(np.square(R, order="C").sum(axis=0) + ridge)
    roots = np.ldexp(1.0, np.frexp(norms)[1])
    S, C = R / roots, QT.copy(order="F")
    if ridge:
        fold(S, C, np.diag(np.sqrt(ridge) / roots), np.zeros(QT.shape), dense=0)
    condition, certain = _condition(S), EPS if ridge else len(S) * EPS
    if squared:
        certain = float(np.sqrt(CARRYING))
    if condition > 1 / certain:
        return _by_singular_vectors(S, C, roots[:, None], certain)
    W = (solve_upper(S, C) / roots[:, None]).T
    solver = "portable qr" if numerics() == "portable" else "qr"
    return Solution(W, np.zeros(len(W)), solver, _squared(condition), len(S), True)


def _condition(S: Array) -> float:
    """Return about the condition number of an upper triangular matrix."""
    if numerics() == "portable":
        diagonal = np.abs(S.diagonal())
        least = float(diagonal.min(initial=np.inf))
        return float(diagonal.max(initial=0.0)) / least if least > 0 else np.inf
    from scipy.linalg import lapack

    with bounded_threads():
        inverse, _ = lapack.dtrcon(S)
    return 1 / float(inverse) if inverse > 0 else np.inf


def _squared(condition: float) -> float:
    """Return the condition number of the Gram matrix; more digits are not repeatable."""
    return float(f"{condition * condition:.4g}")


def _by_singular_vectors(S: Array, C: Array, roots: Array, share: float) -> Solution:
    from scipy.linalg import svd

    with bounded_threads():
        left, values, right = svd(S, check_finite=False)
        kept = values > share * max(float(values[0]), np.finfo(float).tiny)
        explained = left[:, kept].T @ C
        W = (right[kept].T @ (explained / values[kept, None])) / roots
        shortest = least_norm(W, right[~kept].T / roots)
        moved = right[~kept] @ (roots * (shortest - W))
    cost = np.square(values[~kept, None] * moved).sum(axis=0)
    same = cost <= (len(S) * EPS) ** 2 * np.square(explained).sum(axis=0)
    W, rank = np.where(same, shortest, W).T, int(kept.sum())
    condition = float(values[0] / values[-1]) if values[-1] > 0 else np.inf
    solver = "qr, singular vectors"
    return Solution(W, np.zeros(len(W)), solver, _squared(condition), rank, rank == len(S))
