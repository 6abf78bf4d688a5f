"""The triangular factor of rows, by reflections: nothing is squared, so no digits are lost."""

from __future__ import annotations

import numpy as np

from nodegraph import Array
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas_threads import bounded_threads
from nodes.ridge_regression.fortran import call, check_order

__all__ = ["fold", "solve_upper"]

_PANEL = 32  # columns that are reflected together


def fold(R: Array, QT: Array, rows: Array, others: Array, dense: int | None = None) -> Array:
    """Turn `R` into the triangular factor of ``[R; rows]``, and `QT` with it, in place [1]_.

    ``[R; rows] = Q [R'; 0]`` and ``Q' [QT; others] = [QT'; rest]`` for orthogonal Q.

    Parameters
    ----------
    R : ndarray of float64, shape (n, n), column by column
        Upper triangular.
    QT : ndarray of float64, shape (n, k), column by column
    rows, others : ndarray of float64, shape (m, n) and (m, k)
    dense : int, optional
        From this row on, `rows` are upper triangular; all are dense if left out.

    Returns
    -------
    ndarray, shape (m, k)
        What no weights explain of `others` and of the targets behind `QT`.

    References
    ----------
    .. [1] J. Demmel, L. Grigori, M. Hoemmen, J. Langou, SIAM J. Sci. Comput. 34 (2012) A206-A239.
    """
    check_order(R.T, QT.T)
    if not len(rows) or not len(R):
        return others
    dense = len(rows) if dense is None else dense
    if numerics() == "portable":
        return _fold_in_order(R, QT, rows, others, dense)
    rows, rest = np.array(rows, order="F"), np.array(others, order="F")
    (m, n), k = rows.shape, rest.shape[1]
    panel = min(_PANEL, n)
    T, work, failed = np.empty((n, panel)), np.empty(panel * max(n, k, 1)), np.zeros(1, np.intc)
    shape = n, m - dense, panel
    with bounded_threads():
        call("lapack", "dtpqrt", m, *shape, R, n, rows, m, T, panel, work, failed)
        if k:
            goal = QT, n, rest, m, work, failed
            call("lapack", "dtpmqrt", b"L", b"T", m, k, *shape, rows, m, T, panel, *goal)
    return rest


def solve_upper(R: Array, B: Array) -> Array:
    """Return ``R^-1 B`` for an upper triangular R without a zero in its diagonal."""
    if numerics() == "portable":
        from nodes.kernels.householder import substitute

        return substitute(R, B)
    from scipy.linalg import solve_triangular

    with bounded_threads():
        solution: Array = solve_triangular(R, B, check_finite=False)
    return solution


def _fold_in_order(R: Array, QT: Array, rows: Array, others: Array, dense: int) -> Array:
    from nodes.kernels.householder import fold as fold_rows

    R_rows, QT_rows = np.ascontiguousarray(R), np.ascontiguousarray(QT)
    rest = np.array(others, order="C")
    fold_rows(R_rows, QT_rows, np.array(rows, order="C"), rest, dense)
    R[:], QT[:] = R_rows, QT_rows
    return rest
