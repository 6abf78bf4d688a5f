"""Sufficient statistics of a least-squares problem: they do not grow with the series."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array

__all__ = ["BLOCK", "Centred", "Statistics", "one_thread"]

BLOCK = 256  # rows that are added at a time, counted from the start of learning


class Centred(NamedTuple):
    """Count, means, and scatter about the means; the bias is then free."""

    n: int
    x: Array  # (n_in,)
    t: Array  # (n_out,)
    xx: Array  # (n_in, n_in)
    xt: Array  # (n_in, n_out)
    tt: Array  # (n_out,)

    def squared_error(self, W: Array, b: Array) -> float:
        """Return ``sum |t - W x - b|^2`` over the rows."""
        gap = self.t - W @ self.x - b
        around = self.tt.sum() - 2 * np.sum(W * self.xt.T) + np.sum((W @ self.xx) * W)
        return float(self.n * gap @ gap + max(0.0, around))

    def about_zero(self) -> Centred:
        """Return the same about zero, for a fit without bias."""
        n, x, t = self.n, self.x, self.t
        xx, xt = self.xx + n * np.outer(x, x), self.xt + n * np.outer(x, t)
        return Centred(n, 0 * x, 0 * t, xx, xt, self.tt + n * t * t)


class Statistics(NamedTuple):
    """Sums and products of rows about a shift near their mean, in float64.

    The shift is the mean of the first block, so that data far from zero lose no digits.
    """

    n: int
    x0: Array  # (n_in,) shift
    t0: Array  # (n_out,)
    x: Array  # (n_in,) sum of x - x0
    t: Array  # (n_out,)
    xx: Array  # (n_in, n_in), upper triangle
    xt: Array  # (n_in, n_out)
    tt: Array  # (n_out,)

    @classmethod
    def empty(cls, n_in: int, n_out: int) -> Statistics:
        """Return the statistics of no rows."""
        x, t = (n_in,), (n_out,)
        shapes = (x, t, x, t, (n_in, n_in), (n_in, n_out), t)
        return cls(0, *(np.zeros(shape, order="F") for shape in shapes))

    def add(self, xs: Array, ts: Array) -> Statistics:
        """Return the statistics with a block of rows more; arrays are changed in place."""
        from scipy.linalg.blas import dgemm, dsyrk

        if not self.n:
            self.x0[:], self.t0[:] = xs.mean(axis=0), ts.mean(axis=0)
        dx, dt = np.asarray(xs - self.x0, order="F"), np.asarray(ts - self.t0, order="F")
        self.x[:] += dx.sum(axis=0)
        self.t[:] += dt.sum(axis=0)
        self.tt[:] += np.einsum("ij,ij->j", dt, dt)
        with one_thread():
            xx = dsyrk(1.0, dx, 1.0, self.xx, trans=1, overwrite_c=1)
            xt = dgemm(1.0, dx, dt, 1.0, self.xt, trans_a=1, overwrite_c=1)
        return self._replace(n=self.n + len(xs), xx=xx, xt=xt)

    def centred(self) -> Centred:
        """Return the same about the means."""
        mean_x, mean_t = self.x / self.n, self.t / self.n
        xx = np.triu(self.xx - np.outer(self.x, mean_x))
        return Centred(
            self.n,
            self.x0 + mean_x,
            self.t0 + mean_t,
            xx + np.triu(xx, 1).T,
            self.xt - np.outer(self.x, mean_t),
            np.maximum(0.0, self.tt - self.t * mean_t),
        )

    def plus(self, other: Statistics) -> Statistics:
        """Return the statistics of both [1]_, which lose no digits to their offsets.

        References
        ----------
        .. [1] T. Chan, G. Golub, R. LeVeque, The American Statistician 37 (1983) 242-247.
        """
        if not self.n or not other.n:
            return self if self.n else other
        a, b = self.centred(), other.centred()
        n = a.n + b.n
        dx, dt, weight = b.x - a.x, b.t - a.t, a.n * b.n / n
        return Statistics(
            n,
            a.x + dx * (b.n / n),
            a.t + dt * (b.n / n),
            np.zeros_like(a.x),
            np.zeros_like(a.t),
            np.asfortranarray(a.xx + b.xx + weight * np.outer(dx, dx)),
            np.asfortranarray(a.xt + b.xt + weight * np.outer(dx, dt)),
            a.tt + b.tt + weight * dt * dt,
        )


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> Any:
    """Return a context in which BLAS has one thread, so that its sums have one order."""
    return _controller().limit(limits=1, user_api="blas")
