"""Solving a penalised least-squares problem: from its scatter, or from a few rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nodegraph import Array
from nodegraph.arrays import ROUNDING
from nodegraph.errors import IllConditionedWarning, warn
from nodegraph.host.numerics import numerics
from nodes.ridge_regression.blas import bounded_threads, product

__all__ = [
    "CARRYING",
    "EPS",
    "STRIP",
    "Solution",
    "is_definite",
    "least_norm",
    "mean_rmse",
    "solve_dual",
    "solve_primal",
    "unmoved",
]

EPS = float(np.finfo(float).eps)
CARRYING = 10 * EPS  # share of the largest eigenvalue that is more than rounding
UNSEEN = 1e-14  # share of a sum of squares that nobody misses
STRIP = 64  # columns whose sums are made at a time
DOUBTFUL = 1e12  # condition number from which on products of rows have lost too many digits


def unmoved(mean: Array, squares: Array, n: float) -> Array:
    """Return the inputs whose sum of squares about the mean is but rounding of the mean."""
    return np.flatnonzero(np.sqrt(squares / max(n, 1)) <= ROUNDING * np.abs(mean))


class Solution(NamedTuple):
    """Weights and how they were found; `rank` is that of the inputs as far as it was needed.

    The condition number is that of the matrix with rows and columns brought to a diagonal of
    ones, so that it does not hang on the units of the inputs.
    """

    W: Array  # (n_out, n_in)
    b: Array  # (n_out,)
    solver: str
    condition: float
    rank: int
    unique: bool

    def warn(self) -> Solution:
        """Return itself, with a warning if the weights are not the only ones."""
        if not self.unique:
            exact = ", or write solver='qr', which squares nothing" * (
                self.solver == "eigenvectors"
            )
            warn(
                f"the readout's inputs are linearly dependent: rank {self.rank} of "
                f"{self.W.shape[1]}, condition number {self.condition:.1e}; of all weights that "
                "fit, small ones were taken; drop inputs that say the same, or bring all to one "
                f"size with a Scaler and take a larger ridge, to make them certain{exact}",
                IllConditionedWarning,
            )
        return self


def solve_primal(xx: Array, xt: Array, ridge: float) -> Solution:
    """Return ``W = ((xx + ridge I)^-1 xt)'`` and no bias; `xx` is changed.

    With ``D`` the roots of the diagonal, to the next power of two, ``S z = D^-1 xt`` is solved for
    ``S = D^-1 (xx + ridge I) D^-1`` and ``W = (D^-1 z)'``: the same weights, but what is singular
    is judged where all inputs are of one size [1]_. Cholesky first; where S is singular to working
    precision, the eigenvectors that carry anything; of all W that then fit alike, that of least
    norm, or that of least ``D W'`` where the shorter one might fit worse.

    References
    ----------
    .. [1] A. van der Sluis, Numerische Mathematik 14 (1969) 14-23.
    """
    xx.flat[:: len(xx) + 1] += ridge
    return _by_cholesky(xx, xt) or _by_eigenvectors(xx, xt)


def is_definite(xx: Array, ridge: float) -> bool:
    """Tell whether `solve_primal` solves it by Cholesky; `xx` is changed."""
    xx.flat[:: len(xx) + 1] += ridge
    return _by_cholesky(xx, np.empty((len(xx), 0))) is not None


def solve_dual(xs: Array, ts: Array, ridge: float, exact: bool = False) -> Solution:
    """Return the same from fewer rows than inputs: ``W = ((xs xs' + ridge I)^-1 ts)' xs`` [1]_.

    Where that matrix is close to singular, or if `exact`, by the singular vectors of `xs`, whose
    condition number is only the root of its. Without a ridge many W fit; the one of least norm is
    returned.

    References
    ----------
    .. [1] C. Saunders, A. Gammerman, V. Vovk, ICML (1998) 515-521.
    """
    with bounded_threads():
        if exact:
            return _by_singular_vectors(xs, ts, ridge)
        gram = product(xs, xs.T)
        gram.flat[:: len(gram) + 1] += ridge
        solution = _by_cholesky(gram, ts)
        if solution is None or solution.condition > DOUBTFUL:
            return _by_singular_vectors(xs, ts, ridge)
        W = product(solution.W, xs)
        return solution._replace(W=W, solver=f"dual {solution.solver}", unique=ridge > 0)


def _roots(A: Array) -> Array:
    """Return the roots of the diagonal as powers of two, which no product with them rounds."""
    roots: Array = np.ldexp(1.0, np.frexp(A.diagonal())[1] // 2)
    return roots


def _by_cholesky(A: Array, B: Array) -> Solution | None:
    """Return the solution by Cholesky, or None if A is singular to working precision.

    A is scaled in place, without rounding, and as it was where there is no solution.
    """
    roots = _roots(A)
    A /= roots
    A /= roots[:, None]
    C = B / roots[:, None]
    with bounded_threads():
        solution = _own_cholesky(A, C) if numerics() == "portable" else _cholesky(A, C, roots)
    if solution is None or solution.condition > 1 / EPS:
        A *= roots
        A *= roots[:, None]
        return None
    return solution._replace(W=solution.W / roots)


def _own_cholesky(S: Array, B: Array) -> Solution | None:
    """Solve in compiled loops of our own."""
    from nodes.kernels.cholesky import solve_positive

    solved = solve_positive(S, B)
    if solved is None:
        return None
    W, condition = solved[0].T, float(f"{solved[1]:.4g}")
    return Solution(W, np.zeros(len(W)), "portable cholesky", condition, len(S), True)


def _cholesky(S: Array, B: Array, roots: Array) -> Solution | None:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        factor = cho_factor(S, lower=False, check_finite=False)
    except LinAlgError:
        return None
    W = cho_solve(factor, B, check_finite=False).T
    condition = _condition(S, factor[0], 1 / np.sqrt(S.diagonal()))
    if condition > 1 / EPS:  # no scaling is best for every matrix
        whole = cho_factor(S, lower=False, check_finite=False)[0]
        condition = min(condition, _condition(S, whole, roots))
    return Solution(W, np.zeros(len(W)), "cholesky", condition, len(S), True)


def _condition(S: Array, factor: Array, scale: Array) -> float:
    """Return about the condition number of S with its rows and columns times `scale`.

    Its factor is changed.
    """
    from scipy.linalg import lapack

    strips = (slice(start, start + STRIP) for start in range(0, len(S), STRIP))
    norm = max(
        (np.abs(S[:, own]) * scale[own] * scale[:, None]).sum(axis=0).max() for own in strips
    )
    factor *= scale
    inverse, _ = lapack.dpocon(factor, norm)
    return float(f"{1 / inverse:.4g}") if inverse > 0 else np.inf  # more is not repeatable


def _by_eigenvectors(A: Array, B: Array) -> Solution:
    from scipy.linalg import eigh

    roots = _roots(A)[:, None]
    with bounded_threads():
        values, vectors = eigh(A / roots / roots.T, check_finite=False)
        kept, condition = _carrying(values, CARRYING)
        basis = vectors[:, kept]
        W = (basis @ ((basis.T @ (B / roots)) / values[kept, None])) / roots
        moved = roots * (shortest := least_norm(W, vectors[:, ~kept] / roots)) - roots * W
    error = CARRYING * values[-1] * np.square(moved).sum(axis=0)  # the most that it may cost
    W = np.where(error <= UNSEEN * (W * B).sum(axis=0), shortest, W).T
    rank = int(kept.sum())
    return Solution(W, np.zeros(len(W)), "eigenvectors", condition, rank, rank == len(A))


def least_norm(W: Array, free: Array) -> Array:
    """Return the columns of `W` without what they have of those of `free`."""
    if not free.size:
        return W
    basis = np.linalg.qr(free)[0]
    shortest: Array = W - basis @ (basis.T @ W)
    return shortest


def _by_singular_vectors(xs: Array, ts: Array, ridge: float) -> Solution:
    from scipy.linalg import svd

    left, values, right = svd(xs, full_matrices=False, check_finite=False)
    kept, _ = _carrying(values[::-1], len(right.T) * EPS)
    kept, squares = kept[::-1], values**2 + ridge
    condition = float(squares[0] / squares[-1]) if squares[-1] > 0 else np.inf
    shares = np.where(kept, values, 0.0) / np.where(squares > 0, squares, 1.0)
    W = ((left.T @ ts).T * shares) @ right
    rank = int(kept.sum())
    return Solution(W, np.zeros(len(W)), "dual singular vectors", condition, rank, ridge > 0)


def _carrying(values: Array, share: float) -> tuple[Array, float]:
    """Return which of ascending `values` are more than rounding, and the condition number."""
    largest = max(float(values[-1]), np.finfo(float).tiny)
    condition = float(largest / values[0]) if values[0] > 0 else np.inf
    return values > share * largest, condition


def mean_rmse(squared: Array, n: int) -> float:
    """Return the error as `nodegraph.metrics.rmse` does: the mean over outputs of their roots."""
    return float(np.sqrt(squared / n).mean())
