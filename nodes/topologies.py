"""Sparse weight matrices whose places are laid out: a ring, a line, a small world, or at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import sparse

from nodegraph.arrays import Array
from nodegraph.errors import FieldError

__all__ = ["fan_in", "line", "ring", "scattered", "small_world"]

Draw = Callable[[int], Array]


def fan_in(connectivity: float, n_in: int) -> int:
    """Return how many of `n_in` sources each unit hears, ``round(connectivity n_in)`` but >= 1.

    Raises
    ------
    FieldError
        If `connectivity` is not in (0, 1].
    """
    if not 0 < connectivity <= 1:
        raise FieldError(f"connectivity should be above 0 and at most 1 (got {connectivity})")
    return max(1, round(connectivity * n_in))


def scattered(
    rng: np.random.Generator, n_out: int, n_in: int, connectivity: float, draw: Draw
) -> sparse.csr_array:
    """Return weights from `draw` at `fan_in` random places of each row, none of them twice."""
    count = fan_in(connectivity, n_in)
    places = [rng.choice(n_in, count, replace=False, shuffle=False) for _ in range(n_out)]
    return _from_rows(places, n_in, draw)


def ring(rng: np.random.Generator, n_out: int, n_in: int, weight: float = 1.0) -> Any:
    """Return a ring: unit i hears unit i - 1 alone, and unit 0 the last [1]_.

    Its eigenvalues all have the absolute value `weight`, so that is its spectral radius.
    Nothing is drawn from `rng`.

    References
    ----------
    .. [1] A. Rodan, P. Tino, IEEE Trans. Neural Networks 22 (2011) 131-144.

    Examples
    --------
    >>> ring(np.random.default_rng(0), 3, 3, weight=0.9).toarray()[0]
    array([0. , 0. , 0.9])
    """
    units = _square("ring", n_out, n_in)
    sources = np.roll(np.arange(units), 1)[:, np.newaxis]
    return _from_rows(list(sources), units, lambda size: np.full(size, weight))


def line(rng: np.random.Generator, n_out: int, n_in: int, weight: float = 1.0) -> Any:
    """Return a delay line: unit i hears unit i - 1 alone, and unit 0 none.

    It is nilpotent: its spectral radius is 0 whatever the weight. Nothing is drawn from `rng`.

    Examples
    --------
    >>> line(np.random.default_rng(0), 3, 3, weight=0.9).toarray()[1]
    array([0.9, 0. , 0. ])
    """
    units = _square("line", n_out, n_in)
    sources = [np.arange(unit - 1, unit)[:unit] for unit in range(units)]
    return _from_rows(sources, units, lambda size: np.full(size, weight))


def small_world(
    rng: np.random.Generator,
    n_out: int,
    n_in: int,
    connectivity: float = 0.1,
    rewiring: float = 0.1,
) -> sparse.csr_array:
    """Return normal weights on a directed small-world network [1]_.

    The units stand in a circle, and each hears its `fan_in` nearest neighbours; then each of
    these connections is given, with probability `rewiring`, to a source that is no neighbour.
    Every unit keeps its number of sources, none of them twice and never itself.

    Parameters
    ----------
    rng : Generator
        Where the rewiring and the weights are drawn from.
    n_out, n_in : int
        Number of units, twice.
    connectivity : float in (0, 1]
        Share of the units that each hears.
    rewiring : float in [0, 1]
        Probability that a connection leaves the neighbourhood; 0 is a lattice.

    References
    ----------
    .. [1] D. J. Watts, S. H. Strogatz, Nature 393 (1998) 440-442.
    """
    units = _square("small_world", n_out, n_in)
    if not 0 <= rewiring <= 1:
        raise FieldError(f"rewiring should be at least 0 and at most 1 (got {rewiring})")
    count = min(fan_in(connectivity, units), units - 1)
    ahead = count // 2
    near = np.concatenate([np.arange(ahead - count, 0), np.arange(1, ahead + 1)])
    far = np.arange(ahead + 1, units - (count - ahead))
    moved = np.minimum(rng.binomial(count, rewiring, size=units), len(far))
    places = [(unit + _rewire(rng, near, far, moves)) % units for unit, moves in enumerate(moved)]
    return _from_rows(places, units, rng.standard_normal)


def _rewire(rng: np.random.Generator, near: Any, far: Any, moves: int) -> Any:
    """Return the distances in `near`, `moves` of them replaced by some in `far`."""
    if moves == 0:
        return near
    kept = rng.choice(near, len(near) - moves, replace=False, shuffle=False)
    return np.concatenate([kept, rng.choice(far, moves, replace=False, shuffle=False)])


def _from_rows(places: Iterable[Any], n_in: int, draw: Draw) -> sparse.csr_array:
    rows = [np.sort(place) for place in places]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    indices = np.concatenate(rows)
    parts = draw(len(indices)), indices.astype(np.int32), indptr.astype(np.int32)
    matrix = sparse.csr_array(parts, shape=(len(rows), n_in))
    matrix.has_canonical_format = True
    return matrix


def _square(kind: str, n_out: int, n_in: int) -> int:
    if n_out != n_in:
        raise FieldError(
            f"{kind} joins units to each other, so its matrix is square (got {n_out} x {n_in}); "
            "for input weights write uniform, normal or bernoulli"
        )
    return n_out
