"""Conceptors and what is made of them: aperture, conjunction, disjunction, negation, similarity.

H. Jaeger, J. Machine Learning Research 18 (2017) 1-43.
"""

from __future__ import annotations

import numpy as np

from nodegraph.arrays import Array
from nodes.parts.covariances import eigenvectors
from nodes.ridge_regression.blas import bounded_threads

__all__ = ["conceptor", "conjunction", "disjunction", "negation", "quota", "with_aperture"]

LEAST = 1e-12  # eigenvalues below it are taken for 0


def conceptor(R: Array, aperture: float) -> Array:
    """Return ``R (R + aperture^-2 I)^-1`` of a correlation matrix.

    Examples
    --------
    >>> conceptor(np.diag([1.0, 0.0]), 1.0)
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    values, vectors = eigenvectors(R)
    values = np.maximum(values, 0.0)
    return _composed(values / (values + aperture**-2.0), vectors)


def with_aperture(C: Array, factor: float) -> Array:
    """Return the conceptor of the same states with `factor` times the aperture: 0 to infinity."""
    values, vectors = eigenvectors(C)
    values = np.clip(values, 0.0, 1.0)
    if factor == np.inf:
        return _composed((values > LEAST).astype(float), vectors)
    if factor == 0:
        return _composed((values > 1 - LEAST).astype(float), vectors)
    return _composed(values / (values + factor**-2.0 * (1 - values)), vectors)


def negation(C: Array) -> Array:
    """Return NOT C, ``I - C``."""
    flipped: Array = np.eye(len(C)) - C
    return flipped


def conjunction(C: Array, B: Array) -> Array:
    """Return C AND B: what both let through.

    ``P (P' (C^+ + B^+ - I) P)^-1 P'``, with P a basis of the directions that both have, and ^+ the
    pseudo-inverse; where both can be inverted, ``(C^-1 + B^-1 - I)^-1``.
    """
    with bounded_threads():
        out = [_basis(matrix, null=True) for matrix in (C, B)]
        values, vectors = eigenvectors(out[0].T @ out[0] + out[1].T @ out[1])
        P = vectors[values < 0.5 * LEAST**0.5]
        if not len(P):
            return np.zeros_like(C)
        inner = P @ (_pseudo_inverse(C) + _pseudo_inverse(B) - np.eye(len(C))) @ P.T
        found: Array = P.T @ np.linalg.inv(inner) @ P
    return (found + found.T) / 2


def disjunction(C: Array, B: Array) -> Array:
    """Return C OR B, ``NOT (NOT C AND NOT B)``: what either lets through."""
    return negation(conjunction(negation(C), negation(B)))


def quota(C: Array) -> float:
    """Return the share of all directions that C lets through: its mean eigenvalue."""
    return float(np.trace(C) / len(C))


def _basis(matrix: Array, null: bool) -> Array:
    """Return eigenvectors as rows: those whose eigenvalue is 0, or those where it is not."""
    values, vectors = eigenvectors(matrix)
    chosen: Array = vectors[(values <= LEAST) == null]
    return chosen


def _pseudo_inverse(matrix: Array) -> Array:
    values, vectors = eigenvectors(matrix)
    large = values > LEAST
    return _composed(np.where(large, 1 / np.where(large, values, 1.0), 0.0), vectors)


def _composed(values: Array, vectors: Array) -> Array:
    """Return the symmetric matrix of these eigenvalues and eigenvectors (rows)."""
    made: Array = (vectors.T * values) @ vectors
    return made
