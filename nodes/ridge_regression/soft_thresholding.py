"""Least squares with a penalty on absolute weights, from the sums that ridge regression keeps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.blas import bounded_threads
from nodes.ridge_regression.rows import Rows
from nodes.ridge_regression.statistics import Statistics

__all__ = ["Penalised", "Sparse", "solve_l1"]

ITERATIONS, LOOK = 20_000, 50  # at most, and from look to look at the signs that were found
CLOSE = 1e-9  # share of the largest slope that an optimum may be off by


class Sparse(NamedTuple):
    """Weights, and how they were found."""

    W: Array  # (n_out, n_in)
    b: Array  # (n_out,)
    iterations: int
    converged: bool


def solve_l1(xx: Array, xt: Array, l1: float, ridge: float) -> tuple[Array, int, bool]:
    """Return W of least ``W xx W' - 2 W xt + ridge |W|^2 + l1 sum |W|``, row by row.

    By FISTA [1]_ with restarts [2]_ where all inputs are of one size; whenever the signs of the
    weights no longer change, the equations for those that are not zero are solved exactly.

    Parameters
    ----------
    xx : ndarray, shape (n_in, n_in)
    xt : ndarray, shape (n_in, n_out)
    l1, ridge : float

    Returns
    -------
    ndarray (n_out, n_in), int, bool
        Weights, iterations and whether they are those of the optimum.

    References
    ----------
    .. [1] A. Beck, M. Teboulle, SIAM J. Imaging Sciences 2 (2009) 183-202.
    .. [2] B. O'Donoghue, E. Candes, Foundations of Computational Mathematics 15 (2015) 715-732.
    """
    size = np.sqrt(np.maximum(xx.diagonal() + ridge, 0.0))
    size[size == 0] = 1.0  # of an input that stands still
    S = (xx + ridge * np.eye(len(xx))) / size / size[:, None]
    C, least = xt / size[:, None], (l1 / 2) / size[:, None]
    step = 1 / (float(np.linalg.norm(S, 2)) or 1.0)
    z = np.zeros_like(C)
    ahead, pace, signs = z, 1.0, np.sign(z)
    for i in range(1, ITERATIONS + 1):
        moved = ahead - step * (S @ ahead - C)
        new = np.sign(moved) * np.maximum(np.abs(moved) - step * least, 0.0)
        if ((ahead - new) * (new - z)).sum() > 0:  # it has gone too far
            pace = 1.0
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead, pace, z = new + (pace - 1) / faster * (new - z), faster, new
        if i % LOOK == 0:
            if np.array_equal(np.sign(z), signs):
                exact = _with_signs(S, C, least, signs)
                if exact is not None:
                    return (exact / size[:, None]).T, i, True
            signs = np.sign(z)
    return (z / size[:, None]).T, ITERATIONS, _is_best(S, C, least, z)


def _with_signs(S: Array, C: Array, least: Array, signs: Array) -> Array | None:
    """Return the optimum if its weights have these signs, else None."""
    found = np.zeros_like(C)
    for k in range(C.shape[1]):
        on = signs[:, k] != 0
        try:
            rest = C[on, k] - least[on, 0] * signs[on, k]
            found[on, k] = np.linalg.solve(S[np.ix_(on, on)], rest)
        except np.linalg.LinAlgError:
            return None
    same = np.array_equal(np.sign(found), signs)
    return found if same and _is_best(S, C, least, found) else None


def _is_best(S: Array, C: Array, least: Array, z: Array) -> bool:
    """Tell whether no small change makes it better."""
    slope, near = C - S @ z, CLOSE * np.abs(C).max(initial=0.0)
    off = np.where(z != 0, np.abs(slope - least * np.sign(z)), np.abs(slope) - least)
    return bool((off <= near).all())


class Penalised(NamedTuple):
    """Statistics that are solved with a penalty on absolute weights; see `strength`."""

    data: Statistics
    ridge: float

    @classmethod
    def of(cls, data: Statistics | Rows, ridge: float) -> Penalised:
        """Return sums, or rows summed up, with a ridge beside the penalty."""
        if isinstance(data, Rows):
            sums = Statistics.empty(data.xs.shape[1], data.ts.shape[1])
            data = sums.add(data.xs, data.ts)
        return cls(data, ridge)

    @property
    def n(self) -> float:
        """The number of rows, by weight."""
        return self.data.n

    def plus(self, other: Penalised) -> Penalised:
        """Return both."""
        return self._replace(data=self.data.plus(other.data))

    def spread(self) -> Array:
        """Return the standard deviation of each target."""
        return self.data.spread()

    def squared_error(self, W: Array, b: Array) -> Array:
        """Return the sum of squared errors of each output."""
        return self.data.squared_error(W, b)

    def largest(self, fit_bias: bool) -> float:
        """Return the strength from which on all weights are zero."""
        return 2 * float(np.abs(self._sums(fit_bias)[1]).max(initial=0.0))

    def _sums(self, fit_bias: bool) -> tuple[Array, Array]:
        data = self.data
        xx = np.triu(data.xx)
        xx += np.triu(xx, 1).T
        if fit_bias:
            return xx, data.xt
        return (
            xx + data.n * np.outer(data.x, data.x),
            data.xt + data.n * np.outer(data.x, data.t),
        )

    def solve(self, l1: float, fit_bias: bool) -> Sparse:
        """Return the weights and the bias of least penalised squared error."""
        with bounded_threads():
            W, iterations, converged = solve_l1(*self._sums(fit_bias), l1, self.ridge)
        bias = (self.data.t - W @ self.data.x) * fit_bias
        return Sparse(W, bias, iterations, converged)
