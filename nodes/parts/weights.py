"""Random weight matrices of shape (n_out, n_in), dense or sparse, and their scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import numpy as np

from nodegraph.arrays import Array
from nodegraph.data.metrics.spectral import holds_cycle, spectral_radius
from nodegraph.errors import FieldError
from nodegraph.host.numerics import one_blas_thread
from nodes.parts.topologies import block, line, permutation, ring, scattered, small_world

__all__ = [
    "DISTRIBUTIONS",
    "WITH_CONNECTIVITY",
    "Distribution",
    "Topology",
    "bernoulli",
    "normal",
    "orthogonal",
    "recurrent",
    "require_cycle",
    "scale_columns",
    "scale_spectral_radius",
    "signed",
    "uniform",
]

Distribution = Literal["normal", "uniform", "bernoulli"]
Topology = Literal[
    "normal",
    "uniform",
    "bernoulli",
    "block",
    "small_world",
    "orthogonal",
    "permutation",
    "ring",
    "line",
]


ALMOST_NILPOTENT = 1e-7  # of the largest weight: what rounding makes of a spectral radius of 0


def uniform(rng: np.random.Generator, n_out: int, n_in: int, connectivity: float = 1.0) -> Any:
    """Return weights drawn evenly from [-1, 1).

    Parameters
    ----------
    rng : Generator
        Where the weights are drawn from.
    n_out, n_in : int
        Shape of the matrix.
    connectivity : float in (0, 1]
        Share of weights that are there: ``max(1, round(connectivity * n_in))`` in each row, at
        places drawn without replacement.

    Returns
    -------
    ndarray or csr_array, shape (n_out, n_in)
        Dense if `connectivity` is 1, else sparse.

    Examples
    --------
    >>> uniform(np.random.default_rng(0), 3, 40, connectivity=0.1).nnz
    12
    """
    return _drawn(rng, n_out, n_in, connectivity, lambda size: rng.uniform(-1.0, 1.0, size))


def normal(rng: np.random.Generator, n_out: int, n_in: int, connectivity: float = 1.0) -> Any:
    """Return weights drawn from the standard normal distribution; else as `uniform`."""
    return _drawn(rng, n_out, n_in, connectivity, rng.standard_normal)


def bernoulli(rng: np.random.Generator, n_out: int, n_in: int, connectivity: float = 1.0) -> Any:
    """Return weights that are -1 or 1, as likely as each other; else as `uniform`."""

    def signs(size: int) -> Array:
        return 2.0 * rng.integers(0, 2, size) - 1.0

    return _drawn(rng, n_out, n_in, connectivity, signs)


def _drawn(
    rng: np.random.Generator,
    n_out: int,
    n_in: int,
    connectivity: float,
    draw: Callable[[int], Array],
) -> Any:
    if connectivity == 1:
        return draw(n_out * n_in).reshape(n_out, n_in)
    return scattered(rng, n_out, n_in, connectivity, draw)


DISTRIBUTIONS: Final[dict[Distribution, Callable[..., Any]]] = {
    "normal": normal,
    "uniform": uniform,
    "bernoulli": bernoulli,
}

WITH_CONNECTIVITY: Final[dict[str, Callable[..., Any]]] = {
    "normal": normal,
    "uniform": uniform,
    "bernoulli": bernoulli,
    "block": block,
    "small_world": small_world,
}
_ONE_SOURCE: Final[dict[str, Callable[..., Any]]] = {
    "line": line,
    "permutation": permutation,
    "ring": ring,
}


def orthogonal(rng: np.random.Generator, n_out: int, n_in: int) -> Array:
    """Return a random matrix with orthonormal columns, or rows if it is wider than high.

    The Q of the QR decomposition of a normal matrix, with the signs that make the diagonal of R
    positive, is drawn evenly from the orthogonal group [1]_.

    References
    ----------
    .. [1] F. Mezzadri, Notices of the AMS 54 (2007) 592-604.
    """
    normals: Array = rng.standard_normal((max(n_out, n_in), min(n_out, n_in)))
    with one_blas_thread():
        q, r = np.linalg.qr(normals)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return np.ascontiguousarray(q if n_out >= n_in else q.T, dtype=np.float64)


def recurrent(
    rng: np.random.Generator,
    units: int,
    topology: Topology = "normal",
    connectivity: float = 0.1,
    radius: float = 0.9,
) -> Any:
    """Return the recurrent weights of a reservoir, scaled.

    Parameters
    ----------
    rng : Generator
        Where the weights are drawn from.
    units : int
        Number of units.
    topology : str
        A distribution of weights at random places (``normal``, ``uniform``, ``bernoulli``),
        normal weights in tiles (``block``) or on a ``small_world``, or one that has no
        connectivity: ``orthogonal``, ``permutation``, ``ring``, ``line``.
    connectivity : float in (0, 1]
        Share of the units that each unit hears; of the blocks of 8, in a ``block``.
    radius : float, at least 0
        Spectral radius; of a ``line``, which can have none, its weight.

    Returns
    -------
    ndarray or csr_array, shape (units, units)

    Raises
    ------
    FieldError
        If `topology` is unknown, or the weights that were drawn hold no cycle.

    Examples
    --------
    >>> W = recurrent(np.random.default_rng(0), 50, "small_world", connectivity=0.2, radius=0.8)
    >>> round(spectral_radius(W), 12)
    0.8
    """
    if topology == "orthogonal":
        return radius * orthogonal(rng, units, units)
    if topology in _ONE_SOURCE:
        return _ONE_SOURCE[topology](rng, units, units, weight=radius)
    if topology in WITH_CONNECTIVITY:
        drawn = WITH_CONNECTIVITY[topology](rng, units, units, connectivity)
        return scale_spectral_radius(drawn, radius)
    raise FieldError(f"topology should be one of {get_args(Topology)} (got {topology!r})")


def scale_spectral_radius(W: Any, radius: float) -> Any:
    """Return `W` times the number that gives it the spectral radius `radius`.

    Parameters
    ----------
    W : array or scipy.sparse array, shape (units, units)
        Any weights; they are not changed.
    radius : float, at least 0
        The spectral radius wanted.

    Raises
    ------
    FieldError
        If `W` is nilpotent, or is but for rounding, so that no multiple of it has the spectral
        radius wanted.

    Examples
    --------
    >>> scale_spectral_radius(np.diag([2.0, -4.0]), 0.5)
    array([[ 0.25,  0.  ],
           [ 0.  , -0.5 ]])
    """
    if radius == 0:
        return W * 0.0
    own = spectral_radius(W)
    if own <= ALMOST_NILPOTENT * abs(W).max():
        raise FieldError(_nilpotent(W, radius))
    return W * (radius / own)


def require_cycle(W: Any, radius: float) -> None:
    """Raise ValueError if no connections of `W` close a cycle, so that nothing scales it."""
    if radius and not holds_cycle(W):
        raise ValueError(_nilpotent(W, radius))


def _nilpotent(W: Any, radius: float) -> str:
    return (
        f"W is nilpotent (spectral radius 0), so it cannot be scaled to {radius}: the connections "
        f"of its {W.shape[0]} units hold no cycle, or cycles that cancel out; raise connectivity "
        "or units, or write spectral_radius=0; beside a W that is given, leave spectral_radius out"
    )


def signed(rng: np.random.Generator, signs: Array, radius: float) -> Array:
    """Return weights of given signs, the sizes of normal numbers, scaled.

    Parameters
    ----------
    rng : Generator
        Where the sizes are drawn from.
    signs : ndarray, shape (units, units)
        1, -1 or 0 of each connection, sources in rows.
    radius : float, at least 0
        Spectral radius; where no connections close a cycle, there is none, and it is the size of
        the largest weight.

    Returns
    -------
    ndarray, shape (units, units)
        Sources in columns.

    Examples
    --------
    >>> signed(np.random.default_rng(0), np.array([[0.0, -1.0], [0.0, 0.0]]), 0.5)
    array([[ 0. ,  0. ],
           [-0.5,  0. ]])
    """
    W = np.asarray(np.abs(rng.standard_normal(signs.shape)) * signs).T
    own = spectral_radius(W) or np.abs(W).max(initial=0.0)
    return np.array(W * (radius / own if own else 0.0), order="F")


def scale_columns(W: Any, scaling: Any) -> Any:
    """Return `W` with column j times ``scaling[j]``, or all of it times one number.

    Examples
    --------
    >>> scale_columns(np.ones((1, 2)), (0.5, 2.0))
    array([[0.5, 2. ]])
    """
    factors = np.broadcast_to(np.asarray(scaling, dtype=np.float64), W.shape[1])
    if isinstance(W, np.ndarray):
        return W * factors
    scaled = W.copy()
    scaled.data *= factors[scaled.indices]
    return scaled
