"""The statistics of a least-squares problem as a triangle: half the digits are not squared away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.gram import product
from nodes.ridge_regression.solvers import Solution, unmoved
from nodes.ridge_regression.statistics import centred, mass
from nodes.ridge_regression.triangular_factor import fold
from nodes.ridge_regression.triangular_solver import solve_triangle

__all__ = ["Triangle"]


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
        """Tell whether no sum has overflowed."""
        sums = self.x, self.t, self.R, self.QT, self.rest
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
