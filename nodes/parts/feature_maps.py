"""Feature maps of linear attention: ``phi(q) . phi(k)`` stands in for ``exp(q . k)``."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.maths import einsum, exp, matvec, mean

__all__ = ["FeatureMap", "Weights", "features", "weights", "width"]

FeatureMap = Literal["identity", "elu", "based", "rebased", "hedgehog"]
LARGEST = 40.0  # exponent, so that products of features stay finite
EPSILON = 1e-5  # that of layer normalisation


class Weights(NamedTuple):
    """The weights of a map; those that it does not have are empty."""

    W: Array  # (m, d) of "hedgehog"
    b: Array  # (m,) of "hedgehog"
    gamma: Array  # (d,) of "rebased"
    beta: Array  # (d,) of "rebased"


def weights(
    name: FeatureMap, d: int, rng: np.random.Generator | None = None, m: int | None = None
) -> Weights:
    """Return the weights of a map before anything was learned.

    W of "hedgehog" is the identity; or m rows are drawn with variance ``1 / sqrt(d)``, so that the
    mean of ``phi(q) . phi(k)`` goes as ``exp(q . k / sqrt(d))`` for keys of one length.
    """
    own, normal = d * (name == "hedgehog"), d * (name == "rebased")
    W = np.eye(own)
    if own and m is not None and rng is not None:
        W = rng.standard_normal((m, d)) / d**0.25
    return Weights(W, np.zeros(len(W)), np.ones(normal), np.zeros(normal))


def width(name: FeatureMap, d: int, m: int | None = None) -> int:
    """Return how many features a vector of `d` numbers has; m are the rows of W of "hedgehog".

    Examples
    --------
    >>> [width(name, 3) for name in ("identity", "elu", "based", "rebased", "hedgehog")]
    [3, 3, 13, 3, 6]
    """
    return {"based": 1 + d + d * d, "hedgehog": 2 * (m or d)}.get(name, d)


def features(name: FeatureMap, of: Any, x: Array) -> Array:
    """Return ``phi(x)``, (..., features), of vectors (..., d); `of` are its `Weights` or None.

    ===========  ==========================================================================
    identity     x
    elu          x + 1 above 0, e^x below [1]_
    based        [1, x, vec(x x') / sqrt 2]: ``phi(q) . phi(k) = 1 + q.k + (q.k)^2 / 2`` [2]_
    rebased      (gamma LN(x) + beta)^2, LN(x) of mean 0 and variance 1 [3]_
    hedgehog     [e^(W x + b), e^-(W x + b)], the exponents held within 40 [4]_
    ===========  ==========================================================================

    References
    ----------
    .. [1] A. Katharopoulos et al., Int. Conf. Machine Learning 37 (2020) 5156-5165.
    .. [2] S. Arora et al., Int. Conf. Machine Learning 41 (2024) 1763-1840.
    .. [3] Y. Aksenov et al., Ann. Meet. Assoc. Comput. Linguistics 62 (2024).
    .. [4] M. Zhang et al., Int. Conf. Learning Representations 12 (2024).
    """
    if name == "identity":
        return x
    if name == "elu":
        positive: Array = np.where(x > 0, x + 1, exp(np.minimum(x, 0)))
        return positive
    if name == "based":
        ones = np.ones_like(x[..., :1])
        squares = (x[..., :, None] * x[..., None, :]).reshape(*x.shape[:-1], -1)
        return np.concatenate([ones, x, squares / np.sqrt(x.dtype.type(2))], axis=-1)
    if name == "rebased":
        centred = x - mean(x, axis=-1, keepdims=True)
        spread = np.sqrt(mean(centred * centred, axis=-1, keepdims=True) + EPSILON)
        root: Array = centred / spread
        root = root if of is None else of.gamma * root + of.beta
        return root * root
    h = x
    if of is not None:
        h = (matvec(of.W, x) if x.ndim == 1 else einsum("ij,kj->ki", of.W, x)) + of.b
    h = np.clip(h, -LARGEST, LARGEST)
    return np.concatenate([exp(h), exp(-h)], axis=-1)
