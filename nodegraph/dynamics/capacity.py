"""Information processing capacity: which functions of past inputs the states hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import legval

from nodegraph.arrays import Array
from nodegraph.data.ranges import whole
from nodegraph.data.series import to_rows
from nodegraph.errors import DataError
from nodegraph.graph.messages.calls import known_arguments

__all__ = ["Capacity", "Term", "information_processing_capacity"]

Factors = tuple[tuple[int, int], ...]  # delay and degree of each polynomial of a product

SURE = 1e-4  # chance that a function that is not there is taken for one that is
BLOCK = 256


class Term(NamedTuple):
    """One function of past inputs that the states hold.

    Parameters
    ----------
    factors : tuple of (int, int)
        Delay and degree of each Legendre polynomial of the product.
    capacity : float
        Share of its variance that is read from the states, from 0 to 1.
    """

    factors: Factors
    capacity: float


class Capacity(NamedTuple):
    """Information processing capacity.

    Parameters
    ----------
    total : float
        Sum over all functions; at most the number of independent states.
    by_degree : ndarray, shape (degree,)
        What functions of each degree add to it; the first is linear memory.
    rank : int
        How many independent states there are.
    terms : list of Term
        The functions that are held, the best first.
    """

    total: float
    by_degree: Array
    rank: int
    terms: list[Term]

    def __repr__(self) -> str:
        degrees = ", ".join(f"{each:.4g}" for each in self.by_degree)
        return (
            f"Capacity(total={self.total:.4g}, by_degree=[{degrees}], rank={self.rank}, "
            f"{len(self.terms)} terms)"
        )


@known_arguments
def information_processing_capacity(
    u: Any,
    states: Any | Callable[[Array], Any],
    degree: int = 3,
    delays: int | Sequence[int] = (100, 30, 10),
    warmup: int = 0,
) -> Capacity:
    """Return how much of past inputs, and of products of them, is read from present states.

    ``C[y] = ||Q^T y||^2 / ||y||^2``, with Q an orthonormal base of the centred states and y, in
    turn, ``prod_k P_{d_k}(u[t - i_k])`` of Legendre polynomials, centred and orthogonal to those
    that were found to be held before. So the total is at most the rank of the states, in a finite
    series too. A function counts if its capacity is more than chance gives one in 10,000 of those
    that are not held.

    Parameters
    ----------
    u : array_like, shape (T,) or (T, 1)
        Independent input, even in [-1, 1].
    states : array_like, shape (T, units), or callable
        What the input left behind; or a function that makes it of `u` of shape (T, 1).
    degree : int
        Highest total degree of the products.
    delays : int or sequence of int
        How many delays, from 0 on, are looked at for products of degree 1, 2, ...; the last holds
        for all higher ones.
    warmup : int
        Rows left out at the beginning; at least as many as there are delays.

    Raises
    ------
    DataError
        If lengths differ, the input leaves [-1, 1], or there are too few rows.

    References
    ----------
    J. Dambre, D. Verstraeten, B. Schrauwen, S. Massar, Information processing capacity of
    dynamical systems, Scientific Reports 2 (2012) 514.

    Examples
    --------
    >>> import numpy as np
    >>> u = np.random.default_rng(0).uniform(-1, 1, 5000)
    >>> states = np.stack([u, np.roll(u, 1) * np.roll(u, 2)], axis=1)
    >>> found = information_processing_capacity(u, states, degree=2, delays=4)
    >>> found.by_degree.round(3), [term.factors for term in found.terms]
    (array([1., 1.]), [((0, 1),), ((1, 1), (2, 1))])
    """
    where = "information_processing_capacity"
    inputs = to_rows(u, f"{where}: u")
    x = to_rows(states(inputs) if callable(states) else states, f"{where}: states")
    degree = whole(f"{where}.degree", degree)
    reach = _reach(where, degree, delays)
    first = max(whole(f"{where}.warmup", warmup, least=0), *reach)
    _check(where, inputs, x, first)
    base = _base(x[first:])
    rows, rank = base.shape
    held = _Held(base, _least(rank, rows))
    for d in range(1, degree + 1):
        held.look(_targets(inputs[:, 0], first, d, reach[d - 1]))
    by_degree = np.zeros(degree)
    for term in held.terms:
        by_degree[sum(power for _, power in term.factors) - 1] += term.capacity
    terms = sorted(held.terms, key=lambda term: -term.capacity)
    return Capacity(float(by_degree.sum()), by_degree, rank, terms)


def _reach(where: str, degree: int, delays: int | Sequence[int]) -> list[int]:
    given = [delays] if isinstance(delays, int | np.integer) else list(delays)
    known = [whole(f"{where}.delays", each) for each in given]
    if not known:
        raise DataError(f"{where}.delays: should hold at least one number")
    return [known[min(d, len(known) - 1)] for d in range(degree)]


def _check(where: str, u: Array, x: Array, first: int) -> None:
    if u.shape[1] != 1:
        raise DataError(f"{where}: u has {u.shape[1]} columns; give one")
    if len(u) != len(x):
        raise DataError(f"{where}: u has {len(u)} rows, states {len(x)}; give as many")
    if np.abs(u).max() > 1 or not 0.5 < np.std(u) < 0.65:
        raise DataError(
            f"{where}: u should be even in [-1, 1], as rng.uniform(-1, 1, T) is; its standard "
            f"deviation is {np.std(u):.3g}, not 0.577"
        )
    if len(u) - first < 4 * x.shape[1]:
        raise DataError(
            f"{where}: {len(u)} rows leave {len(u) - first} for {x.shape[1]} states; give at least "
            f"{first + 4 * x.shape[1]}"
        )


def _base(x: Array) -> Array:
    """Return an orthonormal base of the centred states."""
    x = x - x.mean(axis=0)
    size = np.sqrt((x**2).sum(axis=0))
    x = x[:, size > 1e-12 * size.max(initial=0.0)]
    U, s, _ = np.linalg.svd(x / np.sqrt((x**2).sum(axis=0)), full_matrices=False)
    kept: Array = U[:, s > s.max(initial=0.0) * len(x) * np.finfo(float).eps]
    return kept


def _least(rank: int, rows: int) -> float:
    """Return what capacity chance alone exceeds with probability `SURE`: chi2(rank) / rows."""
    from scipy.special import chdtri

    return float(chdtri(rank, SURE)) / rows


class _Held:
    """The functions that were found to be held, as an orthonormal base."""

    def __init__(self, base: Array, least: float):
        self.base, self.least = base, least
        self.terms: list[Term] = []
        self._found = np.zeros((len(base), 0))

    def look(self, targets: Iterator[tuple[Factors, Array]]) -> None:
        """Add those of `targets` that are held."""
        while block := [each for _, each in zip(range(BLOCK), targets, strict=False)]:
            Y = np.stack([y for _, y in block], axis=1)
            Y = self._without_found(Y - Y.mean(axis=0))
            shares = ((self.base.T @ Y) ** 2).sum(axis=0) / (Y**2).sum(axis=0)
            for i in np.flatnonzero(shares > self.least):
                self._add(block[i][0], Y[:, i])

    def _without_found(self, Y: Array) -> Array:
        left: Array = Y - self._found @ (self._found.T @ Y)
        return left

    def _add(self, factors: Factors, y: Array) -> None:
        y = self._without_found(self._without_found(y))
        y = y / np.linalg.norm(y)
        share = float(((self.base.T @ y) ** 2).sum())
        if share > self.least:
            self.terms.append(Term(factors, share))
            self._found = np.column_stack([self._found, y])


def _targets(u: Array, first: int, degree: int, delays: int) -> Iterator[tuple[Factors, Array]]:
    """Yield the products of one total degree, each with its factors and its rows."""
    polynomials = [legval(u, np.eye(degree + 1)[d]) for d in range(1, degree + 1)]
    for chosen in combinations_with_replacement(range(delays), degree):
        factors = tuple(Counter(chosen).items())
        y = np.ones(len(u) - first)
        for delay, power in factors:
            y = y * polynomials[power - 1][first - delay : len(u) - delay]
        yield factors, y
