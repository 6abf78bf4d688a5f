"""Sums that a covariance is made of: they do not grow with the series, and can be added."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph.arrays import Array, copy_tree
from nodegraph.errors import DataError
from nodes.ridge_regression.blas import bounded_threads
from nodes.ridge_regression.rows import Pile
from nodes.ridge_regression.solvers import unmoved
from nodes.ridge_regression.statistics import Statistics

__all__ = ["Covariances", "check_varying", "directions", "eigenvectors", "rank"]


class Covariances(NamedTuple):
    """Rows that do not fill a block of 256 yet, and the scatter of all before about their mean."""

    pile: Pile
    sums: Statistics  # without targets

    @classmethod
    def empty(cls, n: int) -> Covariances:
        """Return the sums of no rows of n columns."""
        return cls(Pile(), Statistics.empty(n, 0))

    def add(self, rows: Array, own: bool = False) -> Covariances:
        """Return the sums with more rows; arrays of the memory's `own` are changed in place."""
        if not len(rows):
            return self
        pile = self.pile.add(rows, np.empty((len(rows), 0)), copied=False)
        return Covariances(pile.emptied(), _summed(self.sums, pile, own))

    def plus(self, other: Covariances) -> Covariances:
        """Return the sums of both; left-over rows go on as a block."""
        return Covariances(Pile(), self.closed().plus(other.closed()))

    def closed(self) -> Statistics:
        """Return the sums with the left-over rows among them."""
        return _summed(self.sums, self.pile.closed())

    def moments(self) -> tuple[Array, Array]:
        """Return the mean, (n,), and the covariance, (n, n), divided by the number of rows.

        A column that stands still varies by nothing, also where its mean is not exact.

        Raises
        ------
        DataError
            If there was no row to learn from, or sums are no longer finite.
        """
        with bounded_threads():
            sums = self.closed()
        if not sums.n:
            raise DataError("there are no rows to learn from: warmup left none")
        if not sums.finite():
            raise DataError("the sums over the inputs overflow: scale the data down")
        upper, still = np.triu(sums.xx), unmoved(sums.x, sums.xx.diagonal(), sums.n)
        upper[still] = upper[:, still] = 0  # what is left there is rounding of the mean
        return sums.x, (upper + np.triu(upper, 1).T) / sums.n


def _summed(sums: Statistics, pile: Pile, own: bool = False) -> Statistics:
    """Return the sums with the full blocks of a pile."""
    if not pile.blocks:
        return sums
    sums = sums if own else copy_tree(sums)
    for xs, ts in pile.blocks:
        sums = sums.add(xs, ts)
    return sums


def eigenvectors(matrix: Array, beside: Array | None = None) -> tuple[Array, Array]:
    """Return eigenvalues in ascending order, and the eigenvectors as rows.

    Parameters
    ----------
    matrix : ndarray
        Symmetric, (n, n).
    beside : ndarray, optional
        Positive definite: ``matrix v = value beside v`` is solved.
    """
    from scipy.linalg import eigh

    with bounded_threads():
        values, vectors = eigh(matrix, beside, check_finite=False)
    return values, directions(vectors.T)


def directions(rows: Array) -> Array:
    """Return vectors with such signs that the largest entry of each is positive."""
    largest = np.abs(rows).argmax(axis=1)
    signs = np.sign(rows[np.arange(len(rows)), largest])
    turned: Array = rows * np.where(signs == 0, 1.0, signs)[:, None]
    return turned


def rank(values: Array) -> int:
    """Return how many variances are more than rounding of the largest one."""
    least = len(values) * np.finfo(float).eps * values.max(initial=0.0)
    return int((values > least).sum())


def check_varying(n_in: int, found: int, units: int, lost: str, cure: str = "") -> None:
    """Refuse more directions than the inputs vary in; `lost` says what cannot be.

    Raises
    ------
    DataError
    """
    if not found:
        raise DataError(
            f"none of the {n_in} inputs moves in the rows that it learns from, so {lost}; give "
            "more rows, or look at what stands in front of it"
        )
    if found < units:
        raise DataError(
            f"{n_in} inputs vary in {found} directions, so {lost}; write units={found} at "
            f"most{cure}"
        )
