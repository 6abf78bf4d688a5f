"""The spectral radius of a dense or sparse matrix: deterministic, and right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nodegraph.arrays import is_sparse
from nodegraph.errors import DataError
from nodegraph.host.numerics import one_blas_thread

__all__ = ["holds_cycle", "spectral_radius"]

_DENSE = 500  # up to this size all eigenvalues are cheaper than a Krylov space
_DENSE_AT_LAST = 4000  # up to this size they are affordable when the Krylov space fails
_NEIGHBOURS = 6  # eigenvalues asked for: with one, ARPACK misses the largest now and then
_MANY = 1_000_000  # weights above which single precision does first
_LARGE_BASIS = 200  # size of the Krylov space when a smaller one fails


def spectral_radius(W: Any) -> float:
    """Return the largest absolute eigenvalue of `W`.

    ``rho(W) = max |lambda_i(W)|``, the greatest over the strongly connected components of `W`,
    so that a matrix without cycles has exactly its largest diagonal entry. A component that is
    one ring has the geometric mean of its weights, a normal one its 2-norm; others up to 500
    units are solved densely, larger ones by ARPACK from a fixed start for six eigenvalues whose
    residuals are checked, with a dense solve behind it. Above a million weights or 4000 units,
    ARPACK is first asked in single precision, for residuals of at most 3e-3.

    Parameters
    ----------
    W : array or scipy.sparse array, shape (n, n)
        Real weights. Integers and single precision are worked on in double precision.

    Returns
    -------
    float
        Right to rounding up to 500 units, to 1e-6 of itself where ARPACK is used, and to 1e-2
        above a million weights or 4000 units (to 1e-3 if the weights are independent draws); the
        same bits for the same `W`, whatever the number of threads.

    Raises
    ------
    DataError
        If `W` is not a square matrix of finite real numbers, or has more than 4000 units and no
        eigenvalue that converges.

    References
    ----------
    R. B. Lehoucq, D. C. Sorensen, C. Yang, ARPACK Users' Guide, SIAM (1998).

    Examples
    --------
    >>> spectral_radius([[0.0, 4.0], [1.0, 0.0]])
    2.0
    """
    matrix = _square(W)
    scale = float(np.abs(matrix.data).max(initial=0.0))
    if scale == 0.0:
        return 0.0
    with one_blas_thread():
        return scale * max(_component_radius(block) for block in _components(matrix / scale))


def holds_cycle(W: Any) -> bool:
    """Tell whether the weights of `W` lead from some unit back to itself; else it is nilpotent."""
    from scipy.sparse.csgraph import connected_components

    matrix = _square(W)
    parts = connected_components(matrix, connection="strong", return_labels=False)
    return bool(parts < matrix.shape[0] or matrix.diagonal().any())


def _square(W: Any) -> Any:
    from scipy import sparse  # 0.2 s, spared to those who draw no weights

    matrix: Any = W if is_sparse(W) else _matrix(W)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise DataError(f"spectral_radius: W has shape {matrix.shape}; give a square matrix (n, n)")
    if matrix.dtype.kind not in "fiub":
        raise DataError(f"spectral_radius: W holds {matrix.dtype}; give real numbers")
    matrix = sparse.csr_array(matrix, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise DataError("spectral_radius: W holds NaN or inf; give finite weights")
    return matrix


def _matrix(W: Any) -> NDArray[Any]:
    try:
        return np.asarray(W)
    except ValueError as error:
        raise DataError("spectral_radius: W is ragged; give a square matrix (n, n)") from error


def _components(matrix: Any) -> Iterator[Any]:
    """Yield the strongly connected diagonal blocks, those of one unit as their greatest alone."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    parts, labels = connected_components(matrix, connection="strong")
    if parts == 1 < matrix.shape[0]:
        yield matrix
        return
    sizes = np.bincount(labels)
    alone = sizes[labels] == 1
    yield sparse.csr_array([[np.abs(matrix.diagonal()[alone]).max(initial=0.0)]])
    order = np.argsort(labels, kind="stable")
    matrix = matrix[order][:, order]
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        if size > 1:
            yield matrix[end - size : end, end - size : end]


def _component_radius(block: Any) -> float:
    units = block.shape[0]
    if block.nnz == units:  # strongly connected with one weight a row: a ring
        return float(np.exp2(np.mean(np.log2(np.abs(block.data)))))
    if units == 1:
        return 0.0
    if units <= _DENSE:
        return _dense_radius(block)
    full = block.toarray() if block.nnz > 0.2 * units**2 else block
    radius = _normal_radius(full) or _rough_radius(full) or _krylov_radius(full)
    if radius is None and units > _DENSE_AT_LAST:
        raise DataError(
            f"spectral_radius: no eigenvalue of the {units} by {units} matrix converged; "
            "give explicit weights, or connect the units more evenly"
        )
    return _dense_radius(block) if radius is None else radius


def _dense_radius(block: Any) -> float:
    return float(np.abs(np.linalg.eigvals(block.toarray())).max())


def _normal_radius(W: Any) -> float | None:
    """Return the 2-norm of `W` if it commutes with its transpose, else None."""
    probe = _probe(W.shape[0])
    forth, back = W.T @ (W @ probe), W @ (W.T @ probe)
    if np.linalg.norm(forth - back) > 1e-13 * np.linalg.norm(forth):
        return None
    mean = float(probe @ forth) / float(probe @ probe)
    if np.linalg.norm(forth - mean * probe) <= 1e-12 * np.linalg.norm(forth):  # orthogonal
        return float(np.sqrt(mean))
    from scipy.sparse.linalg import LinearOperator, eigsh

    gram = LinearOperator(W.shape, matvec=lambda x: W.T @ (W @ x), dtype=np.float64)
    squares = _largest(eigsh, gram)
    return None if squares is None else float(np.sqrt(squares))


def _rough_radius(W: Any) -> float | None:
    from scipy.sparse.linalg import aslinearoperator, eigs

    if W.size <= _MANY and W.shape[0] <= _DENSE_AT_LAST:
        return None
    return _largest(eigs, aslinearoperator(W.astype(np.float32)), 3e-3, 120)


def _krylov_radius(W: Any) -> float | None:
    from scipy.sparse.linalg import aslinearoperator, eigs

    return _largest(eigs, aslinearoperator(W))


def _largest(
    solve: Callable[..., Any], operator: Any, tolerance: float = 1e-7, basis: int = 80
) -> float | None:
    """Return the largest absolute eigenvalue whose residual is small, None if none converged."""
    from scipy.sparse.linalg import ArpackError

    units = operator.shape[0]
    for size in (basis, _LARGE_BASIS):
        try:
            values, vectors = solve(
                operator,
                _NEIGHBOURS,
                ncv=min(size, units),
                v0=_probe(units).astype(operator.dtype),
                tol=tolerance,
                maxiter=60,
            )
        except ArpackError:
            continue
        sizes = np.abs(values)
        residuals = np.linalg.norm(operator.matmat(vectors) - values * vectors, axis=0)
        if (residuals <= 10 * tolerance * sizes.max()).all():
            return float(sizes.max())
    return None


def _probe(units: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal(units)
