"""The outermost eigenvalues of a large random matrix, in few products with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["outermost"]


def outermost(
    W: Any,
    start: NDArray[Any],
    basis: int = 160,
    kept: int = 60,
    wanted: int = 6,
    tolerance: float = 3e-3,
    restarts: int = 20,
) -> float | None:
    """Return the largest absolute eigenvalue of `W`, found by Arnoldi with thick restarts [1]_.

    A restart keeps the span of the `kept` outermost Ritz vectors. On the crowded rim of the disc
    that holds the eigenvalues of random weights, that takes fewer products than the implicit
    restarts of ARPACK, which keep no more than are wanted.

    Parameters
    ----------
    W : array or scipy.sparse array, shape (n, n)
        Real weights; products are taken in their precision.
    start : array, shape (n,)
        Where the Krylov space begins, of the same precision.
    basis : int, at most n
        Size of the space at which it is restarted.
    kept : int, below basis - 1
        Size that it is restarted with, or one more where that would part a complex pair.
    wanted : int
        Number of outermost Ritz values that have to converge.
    tolerance : float
        Size of their residuals, over the largest value, at which they have.
    restarts : int
        How often the space is filled.

    Returns
    -------
    float or None
        None if not all have converged, or the start lies in a space smaller than `basis`.

    References
    ----------
    .. [1] G. W. Stewart, SIAM J. Matrix Anal. Appl. 23 (2002) 601-614.

    Examples
    --------
    >>> W = np.diag(np.append(np.linspace(-1, 1, 50), -2.0))
    >>> round(outermost(W, np.ones(51), basis=20, kept=8, wanted=1, tolerance=1e-9), 12)
    2.0
    """
    V = np.empty((basis + 1, len(start)), start.dtype)  # W V[:basis].T = V.T H, rows orthonormal
    H = np.zeros((basis + 1, basis))
    V[0], size = start / np.linalg.norm(start), 0
    for _ in range(restarts):
        if not _filled(W, V, H, size):
            return None
        values, vectors = np.linalg.eig(H[:basis])
        order = np.argsort(-np.abs(values), kind="stable")
        largest = float(np.abs(values[order[0]]))
        residuals = np.abs(H[basis] @ vectors[:, order[:wanted]])
        if (residuals <= tolerance * largest).all():
            return largest
        chosen = order[:kept]
        size = _restarted(V, H, _real_span(values[chosen], vectors[:, chosen]))
    return None


def _filled(W: Any, V: NDArray[Any], H: NDArray[np.float64], size: int) -> bool:
    """Add products with `W` from row `size` on; return whether each led out of the space."""
    for j in range(size, len(V) - 1):
        ahead = W @ V[j]
        length = np.linalg.norm(ahead)
        for _ in range(2):  # once leaves some of what the rounding of the first brought in
            along = V[: j + 1] @ ahead
            ahead = ahead - along @ V[: j + 1]
            H[: j + 1, j] += along
        H[j + 1, j] = np.linalg.norm(ahead)
        if H[j + 1, j] <= 10 * np.finfo(V.dtype).eps * length:
            return False
        V[j + 1] = ahead / H[j + 1, j]
    return True


def _real_span(values: NDArray[Any], vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return an orthonormal real basis of what the vectors and their conjugates span."""
    real, imaginary = vectors.real[:, values.imag >= 0], vectors.imag[:, values.imag > 0]
    span: NDArray[np.float64] = np.linalg.qr(np.hstack([real, imaginary]))[0]
    return span


def _restarted(V: NDArray[Any], H: NDArray[np.float64], Q: NDArray[np.float64]) -> int:
    """Turn the space into the span of Q, which H maps onto itself; return its size."""
    basis, size = len(Q), len(Q.T)
    inner, edge = Q.T @ H[:basis] @ Q, H[basis] @ Q
    H[:] = 0.0
    H[:size, :size], H[size, :size] = inner, edge
    V[:size], V[size] = Q.T.astype(V.dtype) @ V[:basis], V[basis]
    return size
