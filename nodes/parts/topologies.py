"""Sparse weight matrices whose places are laid out: in rows, tiles, rings, or a small world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import FieldError

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["TILE", "block", "fan_in", "line", "permutation", "ring", "scattered", "small_world"]

TILE = 8  # units that share their sources in a block-sparse matrix

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
    places = [_choose(rng, n_in, count) for _ in range(n_out)]
    return _from_rows(places, n_in, draw)


def block(
    rng: np.random.Generator, n_out: int, n_in: int, connectivity: float = 0.1
) -> sparse.csr_array:
    """Return normal weights in dense tiles of 8 by 8 at random places [1]_.

    Units 8 i to 8 i + 7 all hear the same `fan_in` blocks of 8 sources, none of them twice. If
    the number of units is no multiple of 8, the last block has fewer.

    Parameters
    ----------
    rng : Generator
        Where the places and the weights are drawn from.
    n_out, n_in : int
        Number of units, twice.
    connectivity : float in (0, 1]
        Share of the blocks that each block hears, at least one.

    References
    ----------
    .. [1] S. Gray, A. Radford, D. P. Kingma, GPU Kernels for Block-Sparse Weights (2017).

    Examples
    --------
    >>> W = block(np.random.default_rng(0), 32, 32, connectivity=0.25)
    >>> W.indices[W.indptr[8] : W.indptr[9]] % 8
    array([0, 1, 2, 3, 4, 5, 6, 7], dtype=int32)
    """
    units = _square("block", n_out, n_in)
    tiles = -(-units // TILE)
    heard = [_choose(rng, tiles, fan_in(connectivity, tiles)) for _ in range(tiles)]
    sources = [np.add.outer(TILE * tile, np.arange(TILE)).ravel() for tile in heard]
    inside = [source[source < units] for source in sources]
    return _from_rows([inside[i // TILE] for i in range(units)], units, rng.standard_normal)


def permutation(rng: np.random.Generator, n_out: int, n_in: int, weight: float = 1.0) -> Any:
    """Return a permutation: each unit hears one, and is heard by one, maybe itself [1]_.

    It is a set of rings, so its eigenvalues all have the absolute value `weight`, which is its
    spectral radius.

    References
    ----------
    .. [1] J. Boedecker, O. Obst, N. M. Mayer, M. Asada, HFSP Journal 3 (2009) 340-349.

    Examples
    --------
    >>> permutation(np.random.default_rng(0), 3, 3, weight=0.9).sum(axis=0)
    array([0.9, 0.9, 0.9])
    """
    units = _square("permutation", n_out, n_in)
    sources = rng.permutation(units)[:, np.newaxis]
    return _from_rows(list(sources), units, lambda size: np.full(size, weight))


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
    kept = _choose(rng, near, len(near) - moves)
    return np.concatenate([kept, _choose(rng, far, moves)])


def _choose(rng: np.random.Generator, sources: Any, count: int) -> Any:
    """Return `count` of `sources`, or of so many, in an order that does not matter."""
    return rng.choice(sources, count, replace=False, shuffle=False)


def _from_rows(places: Iterable[Any], n_in: int, draw: Draw) -> sparse.csr_array:
    from scipy import sparse  # 0.2 s, spared to those who draw no weights

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
