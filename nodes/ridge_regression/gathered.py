"""What learners gather of their rows, and whether a Gram matrix of it has lost what matters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.arrays import copy_tree
from nodegraph.errors import DataError
from nodes.ridge_regression.blas import PANEL, bounded_threads
from nodes.ridge_regression.rows import BLOCK, LARGE, Pile, Rows
from nodes.ridge_regression.solvers import EPS, Solution
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle

__all__ = ["Gathered", "believed", "dealt", "is_lost", "is_rounded", "joined", "outweighs"]


class Gathered(NamedTuple):
    """Rows that do not fill a block or wait for more than inputs, and statistics by fold.

    Weights of rows, if there are any, stand behind the targets of the rows that wait.
    """

    stream: Pile  # of one series after the other
    apart: tuple[Pile, ...]  # of independent series that were dealt to each fold
    blocks: int  # of the stream, in the statistics
    folds: tuple[Any, ...]  # of Statistics, or of Triangle

    @classmethod
    def nothing(cls, kind: Statistics | Triangle, folds: int) -> Gathered:
        """Return what there is before the first row, in folds of statistics of this `kind`."""
        wide = folds == 1 and len(kind.x) > PANEL and isinstance(kind, Statistics)
        pile = Pile(block=LARGE if wide else BLOCK)
        return cls(pile, (pile,) * folds, 0, tuple(copy_tree(kind) for _ in range(folds)))

    def add(
        self, xs: Array, ts: Array, number: int | None, weights: Array | None = None
    ) -> Gathered:
        """Return it with more rows, of the stream or of a numbered series; in place."""
        small = weights is None and self.is_small(len(xs))
        if weights is not None:
            ts = np.column_stack([ts, weights])
        if number is None:
            after = self._replace(stream=self.stream.add(xs, ts, copied=small))
        else:
            piles = list(self.apart)
            fold = number % len(piles)
            piles[fold] = piles[fold].add(xs, ts, copied=small)
            after = self._replace(apart=tuple(piles))
        return after if small else after._counted()

    def plus(self, other: Gathered) -> Gathered:
        """Return both: statistics are added, left-over rows go on as a block."""
        one, other = self._closed(), other._closed()
        shift = one.blocks % len(one.folds) if other.blocks else 0
        turned = other.folds[-shift:] + other.folds[:-shift] if shift else other.folds
        folds = tuple(a.plus(b) for a, b in zip(one.folds, turned, strict=True))
        return one._replace(blocks=one.blocks + other.blocks, folds=folds)

    def absorb(self, other: Gathered) -> Gathered:
        """Return what `plus` does, in place: rows that the other has not summed up are summed here.

        So there is one sum of wide inputs, however many parts of the data have waited for it.
        """
        if self._is_empty:
            return other
        if len(self.folds) > 1:
            return self.plus(other)
        one, rest = self._ended()._counted(), other._ended()
        folds = (one.folds[0].absorb(other.folds[0]),)
        return rest._replace(blocks=one.blocks + other.blocks, folds=folds)._counted()

    def of(self, columns: slice) -> Gathered:
        """Return it for some of the targets; sums over inputs stay shared."""
        n_out = len(self.folds[0].t)
        return Gathered(
            self.stream.of(columns, n_out),
            tuple(pile.of(columns, n_out) for pile in self.apart),
            self.blocks,
            tuple(fold.of(columns) for fold in self.folds),
        )

    def seamless(self) -> Gathered:
        """Return it with rows that wait in one piece each."""
        apart = tuple(pile.seamless() for pile in self.apart)
        return self._replace(stream=self.stream.seamless(), apart=apart)

    def data(self) -> list[Any]:
        """Return the data by fold: statistics, or the rows themselves if they are few.

        Raises
        ------
        DataError
            If there is none.
        """
        folds = self._few_rows() if self.is_small() else self._closed().folds
        found = [fold for fold in folds if fold.n]
        if not found:
            raise DataError(
                "no rows to learn from: warmup or NaN in targets, or weights of 0, left none"
            )
        return found

    @property
    def _is_empty(self) -> bool:
        waiting = any(pile.n for pile in (self.stream, *self.apart))
        return not waiting and not any(fold.n for fold in self.folds)

    def is_small(self, more: int = 0) -> bool:
        """Tell whether all rows are at hand, alike, and with `more` of them fewer than inputs."""
        if self._weighed():
            return False
        rows = self.stream.n + sum(pile.n for pile in self.apart) + more
        return not any(fold.n for fold in self.folds) and 0 < rows < len(self.folds[0].x)

    def bound(self) -> float:
        """Return what no input's sum of squares is above in any fold; inf if that is not known.

        Rows that wait are not summed up for it, but for their squares.
        """
        piles = (self.stream, *self.apart)
        waiting = [np.asarray(xs, float) for pile in piles for xs in (*pile.xs, *pile.full_xs)]
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [fold.squares() for fold in self.folds if fold.n]
            parts += [np.square(xs).sum(axis=0) for xs in waiting]
            known = bool(parts) and not self._weighed()
            return float(np.sum(parts, axis=0).max()) if known else np.inf

    def _weighed(self) -> bool:
        waiting = [ts for pile in (self.stream, *self.apart) for ts in (*pile.ts, *pile.full_ts)]
        return any(ts.shape[1] > len(self.folds[0].t) for ts in waiting)

    def _counted(self) -> Gathered:
        """Return it with all full blocks in its statistics, in place."""
        folds, blocks = list(self.folds), self.blocks
        with bounded_threads():
            for xs, ts in self.stream.blocks:
                for fold, rows in dealt(blocks, len(xs), len(folds)):
                    folds[fold] = _added(folds[fold], xs[rows], ts[rows])
                blocks += 1
            for fold, pile in enumerate(self.apart):
                for xs, ts in pile.blocks:
                    folds[fold] = _added(folds[fold], xs, ts)
        apart = tuple(pile.emptied() for pile in self.apart)
        return Gathered(self.stream.emptied(), apart, blocks, tuple(folds))

    def _ended(self) -> Gathered:
        """Return it with left-over rows as blocks, short ones."""
        apart = tuple(pile.closed() for pile in self.apart)
        return self._replace(stream=self.stream.closed(), apart=apart)

    def _closed(self) -> Gathered:
        """Return it with all rows in the statistics, in copies if there are any left over."""
        ended = self._ended()
        if not any(pile.full_xs for pile in (ended.stream, *ended.apart)):
            return self
        return ended._replace(folds=copy_tree(self.folds))._counted()

    def _few_rows(self) -> list[Rows]:
        """Return the rows of each fold that has any, while all are at hand."""
        folds: list[list[Rows]] = [[] for _ in self.folds]
        if self.stream.n:
            whole = self.stream.rows()
            for fold, rows in dealt(0, whole.n, len(folds)):
                folds[fold].append(whole._replace(xs=whole.xs[rows], ts=whole.ts[rows]))
        for fold, pile in enumerate(self.apart):
            folds[fold] += [pile.rows()] if pile.n else []
        found = [joined(parts) for parts in folds if parts]
        exact = isinstance(self.folds[0], Triangle)
        return [rows._replace(exact=exact) for rows in found]


def dealt(block: int, n: int, folds: int) -> list[tuple[int, slice]]:
    """Return which fold gets which of the n rows of a block: the first block is dealt out to all.

    Examples
    --------
    >>> dealt(0, 5, 2)
    [(0, slice(0, 2, None)), (1, slice(2, 5, None))]
    >>> dealt(3, 5, 2)
    [(1, slice(0, 5, None))]
    """
    if block:
        return [(block % folds, slice(0, n))]
    cuts = [n * i // folds for i in range(folds + 1)]
    pairs = enumerate(pairwise(cuts))
    return [(fold, slice(start, stop)) for fold, (start, stop) in pairs if stop > start]


def joined(folds: Sequence[Any]) -> Any:
    """Return all folds as one: statistics, or rows."""
    return reduce(lambda one, other: one.plus(other), folds)


def _added(fold: Any, xs: Array, ts: Array) -> Any:
    """Return statistics with rows more, whose targets may have weights behind them."""
    n_out = len(fold.t)
    if ts.shape[1] == n_out:
        return fold.add(xs, ts)
    return fold.add(xs, ts[:, :n_out], ts[:, n_out].astype(float))


EPS32 = float(np.finfo(np.float32).eps) / 2
SOME = 512  # columns that are looked at for all
TINY = 1e-2  # spread of inputs below which a penalty may outweigh them by their units alone
WEIGHTY = 0.1  # share of the inputs' mean sum of squares from which on a penalty is looked at
WORTH = 0.5  # share of the error from which on what a Gram matrix loses is believed


def is_lost(gathered: Gathered, ridge: float, fit_bias: bool) -> bool:
    """Tell whether the normal equations are singular to working precision, so far as is known."""
    if gathered.is_small() or not isinstance(gathered.folds[0], Statistics):
        return False
    n_in = len(gathered.folds[0].x)
    if ridge > EPS * len(gathered.folds) * n_in * gathered.bound():
        return False  # as below, and nothing has been summed up for it
    folds = gathered.data()
    with np.errstate(over="ignore", invalid="ignore"):
        largest = max(float(fold.squares().max()) for fold in folds)
    if not largest < np.inf or ridge > EPS * len(folds) * n_in * largest:
        return False  # it overflows, or the ridge is enough, whatever the rest
    whole = joined(folds)
    return bool(whole.finite()) and not whole.definite(ridge, fit_bias)


def is_rounded(gathered: Gathered, ridge: float, fit_bias: bool) -> bool:
    """Tell whether sums in float32 are too coarse for this ridge.

    With the diagonal brought to ones, what rounding adds to ``xx + ridge I`` has a norm of at most
    ``4 eps sqrt(n_in / blocks)``, as measured on reservoirs and on layers of a transformer. The
    least eigenvalue has to be twice as large: that of every second, third ... column, up to 512.
    """
    if gathered.is_small() or not getattr(gathered.folds[0], "single", False):
        return False
    whole = joined(gathered.data())
    if not whole.finite():
        return True
    n_in, mean = len(whole.x), whole.x * (not fit_bias)
    coarse = 8 * EPS32 * np.sqrt(n_in * LARGE / max(whole.n, LARGE))
    diagonal = whole.xx.diagonal() + whole.n * mean**2
    if ridge >= coarse * diagonal.max():
        return False
    from scipy.linalg import eigvalsh

    some = slice(None, None, -(-n_in // SOME))
    upper = np.triu(whole.xx[some, some])
    square = upper + np.triu(upper, 1).T + whole.n * np.outer(mean[some], mean[some])
    square.flat[:: len(square) + 1] += ridge
    roots = np.sqrt(np.where(diagonal[some] > 0, square.diagonal(), 1.0))
    return bool(eigvalsh(square / roots / roots[:, None])[0] < coarse)


def outweighs(ridge: float, mean: float, n: float) -> bool:
    """Tell whether a penalty may outweigh inputs for their units alone.

    Parameters
    ----------
    ridge : float
    mean : float
        Mean over inputs of their sums of squares about the means.
    n : float
        The number of rows.
    """
    return 0 < mean < TINY**2 * n and ridge > WEIGHTY * mean


def believed(data: Any, ridge: float, fit_bias: bool) -> tuple[Solution, dict[str, str]]:
    """Return the solution to be believed after a second look, and why.

    What a Gram matrix cannot hold, singular values below 1e-8 of the largest, is noise or it is
    not. It is kept where errors on rows not seen are half as large with it, by generalised
    cross-validation [1]_, and else left out as a Gram matrix would. By less than that, noise in
    the inputs is mistaken for something to be learned.

    Parameters
    ----------
    data : Triangle, Statistics or Rows
    ridge : float
    fit_bias : bool

    References
    ----------
    .. [1] G. Golub, M. Heath, G. Wahba, Technometrics 21 (1979) 215-223.
    """
    full = data.solve(ridge, fit_bias)
    if not isinstance(data, Triangle):
        return full, {}
    cut = data.solve(ridge, fit_bias, squared=True)
    why = f"a Gram matrix cannot hold a condition number of {full.condition:.0e}: read again"
    values = data.spectrum()
    freedom = float((values / np.maximum(values + ridge, np.finfo(float).tiny)).sum())
    rest = _unseen(data, cut, cut.rank + fit_bias)
    if _unseen(data, full, freedom + fit_bias) <= WORTH * rest:
        return full, {"why": why}
    return cut, {"why": f"{why}, but what it loses tells little and was left out"}


def _unseen(data: Triangle, solution: Solution, freedom: float) -> float:
    """Return the error to expect on rows that were not seen, in units of the targets' spread."""
    errors: Array = np.sqrt(data.squared_error(solution.W, solution.b) / data.n) / data.spread()
    return float(errors.mean()) / max(1 - freedom / data.n, EPS)
