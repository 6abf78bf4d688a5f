"""Logistic regression by Newton's method, a pass over the data for each step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.errors import DataError, GraphError, IllConditionedWarning, warn
from nodes.ridge_regression.blas import bounded_threads, product
from nodes.ridge_regression.rows import Pile
from nodes.ridge_regression.solvers import solve_primal

__all__ = ["Newton", "Sums"]

PASSES = 100
ENOUGH = 1e-15  # of the loss at the start: an expected decrease that nobody misses
TOLD_APART = 1e-6  # of the loss at the start: no class is doubted any more
SUFFICIENT = 1e-4  # share of the expected decrease that is asked of a step
NO_SUMS = "a readout that was solved by Newton's method keeps no sums to add to; fit on all data"


class Sums(NamedTuple):
    """``-sum weight t log p``, p the softmax of ``W x``, its slope and its curvature at one W.

    One output alone is the sigmoid of ``W x``, and t the share of ones.
    """

    n: float  # rows, by weight
    loss: float
    slope: Array  # (n_out, n_in)
    curvature: Array  # (n_out, n_in, n_out, n_in)

    @classmethod
    def empty(cls, n_out: int, n_in: int) -> Sums:
        """Return those of no rows."""
        return cls(0.0, 0.0, np.zeros((n_out, n_in)), np.zeros((n_out, n_in, n_out, n_in)))

    def add(self, W: Array, xs: Array, ts: Array, weights: Array) -> Sums:
        """Return the sums with a block of rows more; arrays are changed in place."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._added(W, xs, ts, weights)

    def _added(self, W: Array, xs: Array, ts: Array, weights: Array) -> Sums:
        losses, p = _losses(product(xs, np.ascontiguousarray(W.T)), ts)
        self.slope[:] += product(np.ascontiguousarray(((p - ts) * weights[:, None]).T), xs)
        alone = p.shape[1] == 1
        for k in range(len(W)):
            for j in range(k, len(W)):
                shares = p[:, k] * (1.0 * (k == j or alone) - p[:, j]) * weights
                part = product(np.ascontiguousarray(xs.T), xs * shares[:, None])
                self.curvature[k, :, j] += part
                if j > k:
                    self.curvature[j, :, k] += part.T
        n, loss = self.n + float(weights.sum()), self.loss + float(losses @ weights)
        return self._replace(n=n, loss=loss)

    def finite(self) -> bool:
        """Tell whether nothing has overflowed."""
        return all(bool(np.isfinite(part).all()) for part in self)


def _losses(z: Array, ts: Array) -> tuple[Array, Array]:
    """Return the loss of each row, and the shares."""
    if z.shape[1] == 1:
        return (np.logaddexp(0.0, z) - ts * z)[:, 0], 0.5 + 0.5 * np.tanh(0.5 * z)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(ts * log_p).sum(axis=1), np.exp(log_p)


class Newton(NamedTuple):
    """A point, the step that led there, and what this pass has summed up at the point.

    While there are fewer rows than inputs they are kept, and all steps are made at the end.
    Inputs are taken about `centre`, the mean of the first block, with a 1 behind them if there is
    a bias.
    """

    pile: Pile  # rows that wait; the last column of its targets is the weight
    centre: Array  # (n_in,)
    passes: int  # that are over
    W: Array  # (n_out, n_in), where the sums are taken; with the bias as last column
    step: Array  # from the best point so far to W
    slope: float  # expected decrease along the whole of `step`
    best: float  # loss at the best point
    first: float  # loss at the start
    done: bool
    rows: float  # by weight, that the pass before has seen
    sums: Sums
    ridge: float
    fit_bias: bool

    @classmethod
    def begin(cls, n_in: int, n_out: int, ridge: float, fit_bias: bool) -> Newton:
        """Return the memory before the first pass."""
        shape = n_out, n_in + fit_bias
        zeros, sums = np.zeros(shape), Sums.empty(*shape)
        return cls(
            Pile(),
            np.zeros(n_in),
            0,
            zeros,
            zeros,
            0.0,
            np.inf,
            0.0,
            False,
            0.0,
            sums,
            ridge,
            fit_bias,
        )

    @property
    def is_small(self) -> bool:
        """Whether all rows are at hand, and fewer than inputs."""
        return not self.passes and not self.sums.n and self.pile.n < len(self.centre)

    def add(self, xs: Array, ts: Array, weights: Array) -> Newton:
        """Return the memory with more rows, in place, in blocks that do not depend on chunks.

        Raises
        ------
        GraphError
            If the weights have been found, and would have to be found anew.
        """
        if self.done:
            raise GraphError(NO_SUMS)
        counts = weights > 0  # the centre, too, is that of rows that count
        ts = np.column_stack([ts, weights])
        memory = self._replace(pile=self.pile.add(xs[counts], ts[counts], copied=True))
        return memory if memory.is_small else memory._counted()

    def _counted(self) -> Newton:
        """Return the memory with all full blocks in its sums, in place."""
        sums, centre = self.sums, self.centre
        with bounded_threads():
            for xs, ts in self.pile.blocks:
                if not self.passes and not sums.n and self.fit_bias:
                    centre = xs.mean(axis=0, dtype=float)
                z = _about(xs, centre, self.fit_bias)
                ts = ts.astype(float)
                sums = sums.add(self.W, z, ts[:, :-1], ts[:, -1])
        return self._replace(pile=self.pile.emptied(), centre=centre, sums=sums)

    def after_pass(self) -> Newton:
        """Return the memory after a pass; if it is not `done`, another one is needed."""
        if self.is_small:
            return self
        own: Newton = copy_tree(self)
        return own._replace(pile=own.pile.closed())._counted()._stepped()

    def _stepped(self) -> Newton:
        sums = self.sums
        loss = sums.loss + 0.5 * self.ridge * float(np.square(self._weights()).sum())
        if not (sums.n and sums.finite()):
            raise DataError(
                "the sums over inputs overflow: scale the data down"
                if sums.n
                else "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
            )
        fresh = Sums.empty(*self.W.shape)
        if self.passes and loss > self.best + SUFFICIENT * self.slope:  # back, half the way
            half = self.step / 2
            again = self._replace(W=self.W - half, step=half, slope=self.slope / 2, sums=fresh)
            return again._replace(passes=self.passes + 1, done=self.passes >= PASSES)
        step, slope = self._newton_step()
        first = self.first if self.passes else loss
        done = -slope <= ENOUGH * first or self.passes >= PASSES
        return self._replace(
            passes=self.passes + 1,
            W=self.W + step,
            step=step,
            slope=slope,
            best=loss,
            first=first,
            done=done,
            rows=sums.n,
            sums=fresh,
        )

    def _weights(self) -> Array:
        return self.W[:, : len(self.centre)]

    def _newton_step(self) -> tuple[Array, float]:
        """Return the step to the least of the quadratic approximation, and what it should bring."""
        n_out, q = self.W.shape
        slope = self.sums.slope.copy()
        slope[:, : len(self.centre)] += self.ridge * self._weights()
        matrix = self.sums.curvature.reshape(n_out * q, n_out * q).copy()
        penalised = np.tile(np.arange(q) < len(self.centre), n_out)
        matrix[penalised, penalised] += self.ridge
        if n_out > 1:  # adding the same to all outputs changes nothing, and slopes have none of it
            size = matrix.diagonal().max()
            for i in range(q):
                matrix[i::q, i::q] += size / n_out
        with bounded_threads():
            step = -solve_primal(matrix, slope.reshape(-1, 1), 0.0).W.reshape(n_out, q)
        return step, float((slope * step).sum())

    def solution(self) -> tuple[Array, Array, dict[str, Any]]:
        """Return weights, bias and what is worth knowing of them.

        Raises
        ------
        DataError
            If there were no rows.
        GraphError
            If few rows that were kept have become so many that they are no longer.
        """
        if not (self.is_small or self.passes):
            raise GraphError(NO_SUMS)
        memory, turn = self._of_few_rows() if self.is_small else (self, np.eye(len(self.centre)))
        apart = not self.ridge and memory.best < TOLD_APART * memory.first
        if apart or -memory.slope > TOLD_APART * memory.first:
            warn(
                f"Newton's method stopped after {memory.passes} passes: classes that the inputs "
                "tell apart without an error have no largest likelihood; take a larger ridge",
                IllConditionedWarning,
            )
        n_in = len(memory.centre)
        W = memory.W[:, :n_in]
        bias = memory.W[:, n_in] - W @ memory.centre if self.fit_bias else np.zeros(len(W))
        facts = {"rows": memory.rows, "ridge": self.ridge, "passes": memory.passes}
        return W @ turn, bias, {**facts, "train_loss": memory.best / memory.rows}

    def _of_few_rows(self) -> tuple[Newton, Array]:
        """Return the end of all steps in the space of the rows, and the way back from there."""
        if not self.pile.n:
            raise DataError(
                "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
            )
        rows = self.pile.rows()
        xs, ts = np.asarray(rows.xs, float), np.asarray(rows.ts, float)
        with bounded_threads():
            basis = np.linalg.qr(xs.T)[0]
        memory = Newton.begin(basis.shape[1], len(self.W), self.ridge, self.fit_bias)
        blocks = Pile().add(product(xs, basis), ts, copied=True).closed()
        while not memory.done:
            memory = memory._replace(pile=blocks)._counted()._stepped()
        return memory, basis.T


def _about(xs: Array, centre: Array, fit_bias: bool) -> Array:
    """Return the inputs about a centre, with a 1 behind them if there is a bias."""
    z = np.ones((len(xs), len(centre) + fit_bias))
    z[:, : len(centre)] = xs - centre
    return z
