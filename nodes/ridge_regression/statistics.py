"""Sufficient statistics of a least-squares problem: they do not grow with the series."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodes.ridge_regression.blas import PANEL, add_products, own_loops, product
from nodes.ridge_regression.rows import ChosenRows
from nodes.ridge_regression.solvers import STRIP, Solution, is_definite, solve_primal, unmoved

__all__ = ["Statistics", "centred", "mass"]

FEW, NEAR = 32, 4096  # rows, or numbers, that are squared at a time


class Statistics(NamedTuple):
    """Count, means, and scatter about the means, in float64; the bias is then free."""

    n: float  # rows, or the sum of their weights
    x: Array  # (n_in,) mean
    t: Array  # (n_out,) mean
    xx: Array  # (n_in, n_in), upper triangle
    xt: Array  # (n_in, n_out)
    tt: Array  # (n_out,)
    single: bool = False  # whether products of a block of float32 rows are summed in float32

    @classmethod
    def empty(cls, n_in: int, n_out: int, single: bool = False) -> Statistics:
        """Return the statistics of no rows; they take no room for sums yet."""
        xx, xt = np.zeros((0, 0)), np.zeros((0, n_out))
        return cls(0, np.zeros(n_in), np.zeros(n_out), xx, xt, np.zeros(n_out), single)

    def add(self, xs: Array, ts: Array, weights: Array | None = None) -> Statistics:
        """Return the statistics with a block of rows more [1]_; arrays are changed in place.

        The block is centred by its own means, and the distance to the means so far goes along as
        one row more, so that neither offset nor drift of the data costs digits.

        References
        ----------
        .. [1] T. Chan, G. Golub, R. LeVeque, The American Statistician 37 (1983) 242-247.
        """
        n = self.n + mass(xs, weights)
        if n == self.n:
            return self
        dtype = np.float32 if self._in_single(xs, ts, weights) else np.float64
        with np.errstate(over="ignore", invalid="ignore"):
            dx, step_x = centred(xs, self.x, self.n, weights, dtype)
            dt, step_t = centred(ts, self.t, self.n, weights, dtype)
            self.x[:] += step_x
            self.t[:] += step_t
            few = max(FEW, NEAR // max(1, dt.shape[1]))
            for start in range(0, len(dt), few):  # what lies near is not fetched again
                self.tt[:] += np.square(dt[start : start + few]).sum(axis=0, dtype=self.tt.dtype)
        grown = self._with_room()
        add_products(dx, dt, grown.xx, grown.xt)
        return grown._replace(n=n)

    def _with_room(self) -> Statistics:
        n_in, n_out = len(self.x), len(self.t)
        if len(self.xx) == n_in:
            return self
        xx, xt = (np.zeros((n_in, n), order="F") for n in (n_in, n_out))
        return self._replace(xx=xx, xt=xt)

    def _in_single(self, xs: Array, ts: Array, weights: Array | None) -> bool:
        alike = xs.dtype == ts.dtype == np.float32 and weights is None
        return self.single and alike and not own_loops()

    def plus(self, other: Statistics) -> Statistics:
        """Return the statistics of both, which lose no digits to their offsets."""
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        with np.errstate(over="ignore", invalid="ignore"):
            dx, dt, weight = other.x - self.x, other.t - self.t, self.n * other.n / n
            return Statistics(
                n,
                self.x + dx * (other.n / n),
                self.t + dt * (other.n / n),
                np.asfortranarray(self.xx + other.xx + weight * np.outer(dx, dx)),
                np.asfortranarray(self.xt + other.xt + weight * np.outer(dx, dt)),
                self.tt + other.tt + weight * dt * dt,
                self.single,
            )

    def absorb(self, other: Statistics) -> Statistics:
        """Return what `plus` does, to the same bits; arrays of both may be changed in place."""
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        with np.errstate(over="ignore", invalid="ignore"):
            dx, dt, weight = other.x - self.x, other.t - self.t, self.n * other.n / n
            _absorb(self.xx, other.xx, weight, dx, dx, upper=True)
            _absorb(self.xt, other.xt, weight, dx, dt)
            tt = self.tt + other.tt + weight * dt * dt
            x, t = self.x + dx * (other.n / n), self.t + dt * (other.n / n)
        return self._replace(n=n, x=x, t=t, tt=tt)

    def of(self, columns: slice) -> Statistics:
        """Return the statistics for some of the targets; what is about inputs alone is shared."""
        xt = np.asfortranarray(self.xt[:, columns])
        return self._replace(t=self.t[columns], xt=xt, tt=self.tt[columns])

    def finite(self) -> bool:
        """Tell whether no sum has overflowed."""
        sums = self.x, self.t, self.xx, self.xt, self.tt
        return all(bool(np.isfinite(part).all()) for part in sums)

    def solve(self, ridge: float, fit_bias: bool) -> Solution:
        """Return the weights and the bias of least penalised squared error."""
        solution = solve_primal(*self._about(fit_bias), ridge)
        if not fit_bias:
            return solution
        return solution._replace(b=self.t - product(solution.W, self.x[:, None])[:, 0])

    def definite(self, ridge: float, fit_bias: bool) -> bool:
        """Tell whether Cholesky solves it: whether it is not singular to working precision."""
        return is_definite(self._about(fit_bias)[0], ridge)

    def _about(self, mean: bool) -> tuple[Array, Array]:
        """Return copies of the sums of products about the means, or about zero."""
        xx, n = self.xx.copy(order="F"), len(self.x)
        for start in range(0, n, STRIP):
            own = slice(start, start + STRIP)
            square = np.triu(xx[own, own])
            xx[own, own] = square + np.triu(square, 1).T
            xx[start + STRIP :, own] = xx[own, start + STRIP :].T
        if mean:
            return self._without(unmoved(self.x, xx.diagonal(), self.n), xx)
        for start in range(0, n, PANEL):
            own = slice(start, start + PANEL)
            xx[:, own] += self.n * np.outer(self.x, self.x[own])
        return xx, self.xt + self.n * np.outer(self.x, self.t)

    def _without(self, still: Array, xx: Array) -> tuple[Array, Array]:
        """Return the sums in which inputs that never move say nothing."""
        if not len(still):
            return xx, self.xt
        xx[still], xx[:, still], xt = 0.0, 0.0, self.xt.copy()
        xt[still] = 0.0
        return xx, xt

    def squares(self) -> Array:
        """Return the sum of squares of each input about zero."""
        return self.xx.diagonal() + self.n * self.x**2

    def mean_square_sum(self) -> float:
        """Return the mean over inputs of their sums of squares about the means."""
        return float(self.xx.diagonal().mean())

    def spectrum(self) -> Array:
        """Return the eigenvalues of the inputs' scatter."""
        from scipy.linalg import eigvalsh

        return np.maximum(eigvalsh(self.xx.T, lower=True), 0.0)

    def spread(self) -> Array:
        """Return the standard deviation of each target; 1 for one that never changes."""
        spread = np.sqrt(self.tt / self.n)
        return np.where(spread > 0, spread, 1.0)

    def squared_error(self, W: Array, b: Array) -> Array:
        """Return ``sum |t - W x - b|^2`` over the rows, for each output.

        It is a difference of sums: below about 1e-8 of the spread of t its root is rounding.
        """
        from scipy.linalg.blas import dsymm

        gap = self.t - W @ self.x - b
        spread = np.sum(dsymm(1.0, self.xx, W.T) * W.T, axis=0)
        around = self.tt - 2 * np.sum(W * self.xt.T, axis=1) + spread
        error: Array = self.n * gap * gap + np.maximum(0.0, around)
        return error


def _absorb(
    one: Array, other: Array, weight: float, left: Array, right: Array, upper: bool = False
) -> None:
    """Add to sums, a few columns at a time, what another has, and ``weight left right'``."""
    for start in range(0, one.shape[1], FEW):
        own = slice(start, start + FEW)
        rows = slice(start + FEW if upper else None)
        one[rows, own] += other[rows, own]
        one[rows, own] += weight * np.outer(right[own], left[rows]).T


def mass(rows: Array, weights: Array | None) -> float:
    """Return how many rows there are, by weight."""
    return len(rows) if weights is None else float(weights.sum())


def centred(
    rows: Array | ChosenRows,
    mean: Array,
    n: float,
    weights: Array | None = None,
    dtype: Any = np.float64,
) -> tuple[Array, Array]:
    """Return rows about their mean, with a row for its distance to `mean`; and the step there.

    Rows with weights are multiplied by their roots.
    """
    about = np.empty((len(rows) + 1, len(mean)), dtype)
    if isinstance(rows, ChosenRows):
        rows = rows.into(about[:-1])
    rows = np.ascontiguousarray(rows, dtype)
    m = mass(rows, weights)
    own = rows.mean(axis=0, dtype=float) if weights is None else weights @ rows / m
    np.subtract(rows, own.astype(dtype), out=about[:-1])
    if weights is not None:
        about[:-1] *= np.sqrt(weights)[:, None]
    about[-1] = np.sqrt(n * m / (n + m)) * (own - mean)
    return about, (own - mean) * (m / (n + m))
