"""Least squares without a Gram matrix: conjugate gradients, a pass over the data for each step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.errors import DataError, GraphError, IllConditionedWarning, warn
from nodes.ridge_regression.blas import bounded_threads, product
from nodes.ridge_regression.rows import joined_rows, split_rows
from nodes.ridge_regression.strength import warn_of_weight_beside_one

__all__ = ["ConjugateGradient", "Moments"]

TOLERANCE, PASSES = 1e-10, 500  # of the residual's first norm; most passes


class Moments(NamedTuple):
    """What the first pass finds; all but the means is about the means, if there is a bias."""

    n: int
    x: Array  # (n_in,) mean
    t: Array  # (n_out,) mean
    xx: Array  # (n_in,) sum of squares of each input
    xt: Array  # (n_in, n_out)
    tt: Array  # (n_out,)

    def add(self, xs: Array, ts: Array, centred: bool) -> Moments:
        """Return the moments with a block of rows more."""
        m, n = len(xs), self.n + len(xs)
        x, t = (xs.mean(axis=0), ts.mean(axis=0)) if centred else (self.x, self.t)
        dx, dt, gap = xs - x, ts - t, np.sqrt(self.n * m / n)
        dx, dt = np.vstack([dx, gap * (x - self.x)]), np.vstack([dt, gap * (t - self.t)])
        with np.errstate(over="ignore", invalid="ignore"):  # `finite` tells
            return Moments(
                n,
                self.x + (x - self.x) * (m / n),
                self.t + (t - self.t) * (m / n),
                self.xx + np.square(dx).sum(axis=0),
                self.xt + product(dx.T, dt),
                self.tt + np.square(dt).sum(axis=0),
            )

    def finite(self) -> bool:
        """Tell whether no sum has overflowed."""
        return all(bool(np.isfinite(sums).all()) for sums in (self.xx, self.xt, self.tt))


class ConjugateGradient(NamedTuple):
    """Conjugate gradients for ``(X'X + ridge I) W' = X'T``, preconditioned by the diagonal [1]_.

    A step needs ``X'X p``, a sum over all rows, so it takes a pass over the data.

    References
    ----------
    .. [1] R. Barrett et al., Templates for the Solution of Linear Systems, SIAM (1994), 2.3.1.
    """

    xs: tuple[Array, ...]  # rows that do not fill a block yet
    ts: tuple[Array, ...]
    moments: Moments
    passes: int  # that are over
    W: Array  # (n_in, n_out), as all that follow
    residual: Array
    direction: Array
    product: Array  # X'X direction, as far as the rows have been seen
    first: Array  # (n_out,) size of the residual at the start
    ridge: float
    centred: bool

    @classmethod
    def begin(cls, n_in: int, n_out: int, ridge: float, centred: bool) -> ConjugateGradient:
        """Return the memory before the first pass."""
        zeros = np.zeros((n_in, n_out))
        empty = Moments(0, np.zeros(n_in), np.zeros(n_out), np.zeros(n_in), zeros, np.zeros(n_out))
        none = np.zeros(n_out)
        return cls((), (), empty, 0, zeros, zeros, zeros, zeros, none, ridge, centred)

    def add(self, xs: Array, ts: Array) -> ConjugateGradient:
        """Return the memory with more rows, summed in blocks that do not depend on chunks.

        Raises
        ------
        GraphError
            If the weights have been found, and would have to be found anew.
        """
        if self.found():
            raise GraphError(
                "a readout that was solved by conjugate gradients keeps no sums to add to; fit on "
                "all data, or write solver='direct'"
            )
        more_xs, left_xs = split_rows(self.xs, xs)
        more_ts, left_ts = split_rows(self.ts, ts)
        memory = self._replace(xs=left_xs, ts=left_ts)
        for block in zip(more_xs, more_ts, strict=True):
            memory = memory._with(*block)
        return memory

    def _with(self, xs: Array, ts: Array) -> ConjugateGradient:
        xs, ts = np.asarray(xs, float), np.asarray(ts, float)
        with bounded_threads():
            if not self.passes:
                return self._replace(moments=self.moments.add(xs, ts, self.centred))
            dx = xs - self.moments.x
            return self._replace(product=self.product + product(dx.T, product(dx, self.direction)))

    def seamless(self) -> ConjugateGradient:
        """Return the memory with its left-over rows in one piece."""
        if not self.xs:
            return self
        return self._replace(xs=(joined_rows(*self.xs),), ts=(joined_rows(*self.ts),))

    def after_pass(self) -> tuple[ConjugateGradient, bool]:
        """Return the memory after a pass, and whether another one is needed."""
        memory = self._closed()
        memory = memory._stepped() if self.passes else memory._started()
        return memory, not memory.found()

    def _closed(self) -> ConjugateGradient:
        """Return the memory with the left-over rows in its sums."""
        if not self.xs:
            return self
        return self._replace(xs=(), ts=())._with(joined_rows(*self.xs), joined_rows(*self.ts))

    def _scaled(self, residual: Array) -> Array:
        diagonal = self.moments.xx + self.ridge
        scaled: Array = residual / np.where(diagonal > 0, diagonal, 1.0)[:, None]
        return scaled

    def _size(self, residual: Array) -> Array:
        """Return the norms of residuals where all inputs are of one size."""
        size: Array = np.sqrt((residual * self._scaled(residual)).sum(axis=0))
        return size

    def _started(self) -> ConjugateGradient:
        residual = self.moments.xt
        if not self.moments.n:
            raise DataError(
                "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
            )
        if not self.moments.finite():
            raise DataError("the sums over inputs and targets overflow: scale the data down")
        return self._replace(
            passes=1,
            residual=residual,
            direction=self._scaled(residual),
            product=np.zeros_like(residual),
            first=self._size(residual),
        )

    def _stepped(self) -> ConjugateGradient:
        p, r = self.direction, self.residual
        q = self.product + self.ridge * p
        before, curve = (r * self._scaled(r)).sum(axis=0), (p * q).sum(axis=0)
        alpha = _ratio(before, curve)
        W, r = self.W + alpha * p, r - alpha * q
        z = self._scaled(r)
        beta = _ratio((r * z).sum(axis=0), before)
        return self._replace(
            passes=self.passes + 1,
            W=W,
            residual=r,
            direction=z + beta * p,
            product=np.zeros_like(q),
        )

    def error(self) -> float:
        """Return the largest size of a residual as a share of its first."""
        return float(_ratio(self._size(self.residual), self.first).max(initial=0.0))

    def found(self) -> bool:
        """Tell whether another pass would not make the weights better."""
        return self.passes > 1 and (self.error() <= TOLERANCE or self.passes > PASSES)

    def solution(self) -> tuple[Array, Array, dict[str, Any]]:
        """Return weights (n_out, n_in), bias and what is worth knowing of them."""
        known, W = self.moments, self.W
        if self.error() > TOLERANCE:
            warn(
                f"conjugate gradients stopped after {self.passes} passes with {self.error():.1e} "
                "of the first residual; a larger ridge makes them converge",
                IllConditionedWarning,
            )
        # |t - Wx|^2 = tt - W xt - W residual - ridge |W|^2, since X'X W = xt - residual - ridge W
        squared = known.tt - (W * (known.xt + self.residual)).sum(axis=0)
        squared = np.maximum(0.0, squared - self.ridge * np.square(W).sum(axis=0))
        warn_of_weight_beside_one(known, self.ridge, squared)
        rmse = float(np.sqrt(squared / known.n).mean())
        facts = {"solver": "conjugate gradients", "passes": self.passes, "residual": self.error()}
        bias = known.t - product(W.T, known.x[:, None])[:, 0]
        return W.T, bias, {"rows": known.n, "ridge": self.ridge, **facts, "train_rmse": rmse}


def _ratio(a: Array, b: Array) -> Array:
    """Return a / b, and 0 where there is nothing left to divide."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
