"""The statistics of a least-squares problem as a triangle: half the digits are not squared away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas import bounded_threads, call, check_order, product
from nodes.ridge_regression.solvers import CARRYING, EPS, Solution, least_norm, unmoved
from nodes.ridge_regression.statistics import centred, mass

__all__ = ["Triangle", "fold", "solve_triangle", "solve_upper"]


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


class Triangle(NamedTuple):
    """Count, means, and the rows about them, rotated; it answers what `Statistics` answers.

    For rows X and targets T about their means, ``[X T] = Q [R QT; 0 rest]`` with orthogonal Q.
    """

    n: float  # rows, or the sum of their weights
    x: Array  # (n_in,) mean
    t: Array  # (n_out,) mean
    R: Array  # (n_in, n_in), upper triangular
    QT: Array  # (n_in, n_out)
    rest: Array  # (n_out,) sums of squares that no weights explain

    @classmethod
    def empty(cls, n_in: int, n_out: int) -> Triangle:
        """Return the statistics of no rows."""
        shapes = ((n_in,), (n_out,), (n_in, n_in), (n_in, n_out), (n_out,))
        return cls(0, *(np.zeros(shape, order="F") for shape in shapes))

    def add(self, xs: Array, ts: Array, weights: Array | None = None) -> Triangle:
        """Return the statistics with a block of rows more; arrays are changed in place.

        The block is centred as `Statistics.add` has it.
        """
        more = mass(xs, weights)
        if not more:
            return self
        with np.errstate(over="ignore", invalid="ignore"):
            dx, step_x = centred(xs, self.x, self.n, weights)
            dt, step_t = centred(ts, self.t, self.n, weights)
            self.x[:] += step_x
            self.t[:] += step_t
            self.rest[:] += np.square(fold(self.R, self.QT, dx, dt)).sum(axis=0)
        return self._replace(n=self.n + more)

    def plus(self, other: Triangle) -> Triangle:
        """Return the statistics of both."""
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        R, QT = self.R.copy(order="F"), self.QT.copy(order="F")
        with np.errstate(over="ignore", invalid="ignore"):
            dx, dt, root = other.x - self.x, other.t - self.t, np.sqrt(self.n * other.n / n)
            more = np.vstack([root * dx, other.R]), np.vstack([root * dt, other.QT])
            rest = np.square(fold(R, QT, *more, dense=1)).sum(axis=0)
            x, t = self.x + dx * (other.n / n), self.t + dt * (other.n / n)
            return Triangle(n, x, t, R, QT, self.rest + other.rest + rest)

    def absorb(self, other: Triangle) -> Triangle:
        """Return the statistics of both."""
        return self.plus(other)

    def of(self, columns: slice) -> Triangle:
        """Return the statistics for some of the targets; what is about inputs alone is shared."""
        QT = np.asfortranarray(self.QT[:, columns])
        return self._replace(t=self.t[columns], QT=QT, rest=self.rest[columns])

    def finite(self) -> bool:
        """Tell whether no sum has overflowed, nor does one of squares."""
        with np.errstate(over="ignore", invalid="ignore"):
            squares = [np.square(part).sum(axis=0) for part in (self.R, self.QT)]
        sums = self.x, self.t, self.rest, *squares
        return all(bool(np.isfinite(part).all()) for part in sums)

    def solve(self, ridge: float, fit_bias: bool, squared: bool = False) -> Solution:
        """Return the weights and the bias of least penalised squared error.

        If `squared`, without what a Gram matrix would lose.
        """
        if fit_bias:
            still, R = unmoved(self.x, np.square(self.R).sum(axis=0), self.n), self.R
            if len(still):
                R = R.copy(order="F")
                R[:, still] = 0.0
            solution = solve_triangle(R, self.QT, ridge, squared)
            return solution._replace(b=self.t - product(solution.W, self.x[:, None])[:, 0])
        R, QT, root = self.R.copy(order="F"), self.QT.copy(order="F"), np.sqrt(self.n)
        fold(R, QT, root * self.x[None], root * self.t[None])
        return solve_triangle(R, QT, ridge, squared)

    def mean_square_sum(self) -> float:
        """Return the mean over inputs of their sums of squares about the means."""
        return float(np.square(self.R).sum(axis=0).mean())

    def spectrum(self) -> Array:
        """Return the eigenvalues of the inputs' scatter."""
        from scipy.linalg import svdvals

        values: Array = svdvals(self.R, check_finite=False) ** 2
        return values

    def spread(self) -> Array:
        """Return the standard deviation of each target; 1 for one that never changes."""
        spread = np.sqrt((np.square(self.QT).sum(axis=0) + self.rest) / self.n)
        return np.where(spread > 0, spread, 1.0)

    def squared_error(self, W: Array, b: Array) -> Array:
        """Return ``sum |t - W x - b|^2`` over the rows, for each output, to its last digits."""
        gap = self.t - W @ self.x - b
        around = np.square(self.QT - self.R @ W.T).sum(axis=0)
        error: Array = self.n * gap * gap + around + self.rest
        return error
