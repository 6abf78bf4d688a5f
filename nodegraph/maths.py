"""Words for steps and updates: the same bits compiled and on plain arrays.

``+ - * /``, comparisons, `numpy.sqrt`, `numpy.maximum`, `numpy.where` and looking at parts need no
word: numpy's bits are those already. Its `tanh`, `exp`, sums and products have others in the last
places; these words stand for them. Each is written once, for symbolic arrays; given plain arrays it
is compiled as a small step of its own and run, so both go through the same instructions.

Examples
--------
>>> import numpy as np
>>> from nodegraph.maths import sigmoid, total
>>> float(total(sigmoid(np.zeros(4))))
2.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.compiling import products
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.control import cond, repeat
from nodegraph.compiling.functions import linear
from nodegraph.compiling.operands import elementwise, lift
from nodegraph.compiling.products import reduce
from nodegraph.compiling.sparse import SparseVar
from nodegraph.compiling.synapses import Synapses, synapses
from nodegraph.compiling.words import is_by_numpy, meaning, word

__all__ = [
    "Synapses",
    "activate",
    "arriving",
    "cond",
    "dot",
    "einsum",
    "exp",
    "expm1",
    "log",
    "matvec",
    "mean",
    "norm",
    "outer",
    "power",
    "put",
    "repeat",
    "sigmoid",
    "softmax",
    "softplus",
    "solve",
    "sym_diagonal",
    "sym_eye",
    "sym_matvec",
    "sym_rank_one",
    "synapses",
    "tanh",
    "total",
    "vecmat",
    "where",
]


_NUMPY: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(x, x.dtype.type(0) if hasattr(x, "dtype") else 0),
}


def _elem(name: str, x: Any) -> Any:
    if is_by_numpy():
        return (_NUMPY.get(name) or getattr(np, name))(x)
    return Var(elementwise(name, x))


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    if is_by_numpy():
        return np.sum(x, axis, keepdims=keepdims)
    return Var(reduce("add", x, axis, keepdims))


@word
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    return _elem("tanh", x)


@word
def sigmoid(x: Any) -> Any:
    """Return ``1 / (1 + e^-x)``."""
    return _elem("sigmoid", x)


@word
def exp(x: Any) -> Any:
    """Return ``e^x``."""
    return _elem("exp", x)


@word
def expm1(x: Any) -> Any:
    """Return ``e^x - 1``, exact near 0."""
    return _elem("expm1", x)


@word
def log(x: Any) -> Any:
    """Return the natural logarithm."""
    return _elem("log", x)


@word
def power(x: Any, p: Any) -> Any:
    """Return ``x^p = e^(p log x)`` of `x` from 0 on."""
    return _elem("exp", p * _elem("log", x))


@word
def softplus(x: Any) -> Any:
    """Return ``log(1 + e^x)`` without overflow."""
    return _elem("softplus", x)


@word
def matvec(W: Any, x: Any) -> Any:
    """Return ``W x``; W is dense, or sparse by rows."""
    return W @ x


@word
def arriving(W: Any, spikes: Any) -> Any:
    """Return ``W spikes``, looking at those that are not 0 alone; for W that is sparse.

    The bits are those of `matvec`.
    """
    return W.through(spikes) if isinstance(W, SparseVar) else W @ spikes


@word
def vecmat(x: Any, W: Any) -> Any:
    """Return ``W' x``; W is dense."""
    return x @ W


@word
def einsum(how: str, *arrays: Any) -> Any:
    """Return the sums of products that `how` says, as `numpy.einsum` does."""
    return np.einsum(how, *arrays)


@word
def dot(a: Any, b: Any) -> Any:
    """Return the sum of the products of two vectors."""
    return a @ b


@word
def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum along an axis, or of all numbers."""
    return _sum(x, axis, keepdims)


@word
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean along an axis, or of all numbers."""
    return x.mean(axis, keepdims=keepdims)


@word
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the Euclidean norm along an axis, or of all numbers."""
    return np.sqrt(_sum(x * x, axis, keepdims))


@word
def softmax(x: Any, axis: int = -1) -> Any:
    """Return ``e^x`` over its sum along an axis."""
    shifted = _elem("exp", x - x.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


@word
def solve(A: Any, b: Any) -> Any:
    """Return x of a small system ``A x = b``, by elimination with pivots."""
    return np.linalg.solve(A, b) if is_by_numpy() else linear.solve(A, b)


@word
def sym_matvec(P: Any, x: Any) -> Any:
    """Return ``P x`` of a symmetric matrix, or of one for each row of x.

    Parameters
    ----------
    P : ndarray
        The rows of the lower triangle, one behind the other: (q (q + 1) / 2,) for x of shape (q,).
        For x of shape (units, q) they are (groups, q (q + 1) / 2, 16), 16 units side by
        side: unit u is in ``P[u // 16, :, u % 16]``.
    x : ndarray
    """
    if is_by_numpy():
        return (_whole(_apart(P, x), x.shape[-1]) @ x[..., None])[..., 0]
    return Var(products.sym_matvec(P, x))


@word
def sym_rank_one(P: Any, k: Any, scale: Any, growth: Any = 1.0) -> Any:
    """Return ``(P + k (scale k)') growth`` of symmetric matrices, as in `sym_matvec`.

    A product with what comes out is made in the same pass over P.
    """
    if is_by_numpy():
        i, j = np.tril_indices(k.shape[-1])
        scale, growth = (np.asarray(v)[..., None] for v in (scale, growth))
        return _grouped((_apart(P, k) + k[..., i] * (scale * k)[..., j]) * growth, P)
    return Var(products.sym_rank_one(P, k, scale, growth))


def _apart(P: Array, x: Array) -> Array:
    """Return the triangles that go with x, one behind the other."""
    return P if P.ndim == 1 else P.swapaxes(1, 2).reshape(-1, P.shape[1])[: len(x)]


def _grouped(rows: Array, like: Array) -> Array:
    """Return triangles in groups, as `like`, whose own are left where there are no others."""
    if like.ndim == 1:
        return rows
    found: Array = like.swapaxes(1, 2).reshape(-1, like.shape[1])
    found = np.concatenate([rows, found[len(rows) :]])
    return found.reshape(-1, like.shape[2], like.shape[1]).swapaxes(1, 2)


def _whole(P: Array, q: int) -> Array:
    i, j = np.tril_indices(q)
    whole = np.zeros((*P.shape[:-1], q, q), P.dtype)
    whole[..., i, j] = whole[..., j, i] = P
    return whole


def sym_diagonal(P: Any) -> Any:
    """Return the diagonal of a symmetric matrix, or those of many: (groups, q, 16)."""
    axis = P.ndim // 2
    i = np.arange(int((2 * P.shape[axis]) ** 0.5))
    return P[(slice(None),) * axis + (i * (i + 3) // 2,)]


def sym_eye(q: int, units: int | None = None) -> Array:
    """Return a unit matrix as in `sym_matvec`, or so many, 16 side by side."""
    one: Array = np.eye(q)[np.tril_indices(q)]
    return one if units is None else np.tile(one[:, None], (-(-units // 16), 1, 16))


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Return `yes` where `condition` holds, else `no`."""
    own = meaning((condition, yes, no))
    return own("where", (condition, yes, no), {}) if own else np.where(condition, yes, no)


def outer(a: Any, b: Any) -> Any:
    """Return all products of two vectors, (len(a), len(b))."""
    return a[:, None] * b


def put(base: Any, place: Any, value: Any) -> Any:
    """Return a copy of `base` with ``base[place] = value``."""
    traced = (value, *place) if isinstance(place, tuple) else (value, place)
    new = Var(lift(base)) if any(isinstance(v, Var) for v in traced) else base.copy()
    new[place] = value
    return new


def _softsign(x: Any) -> Any:
    greatest = np.finfo(x.dtype).max  # infinity over infinity would be no number
    bounded = np.clip(x, -greatest, greatest)
    return bounded / (1 + abs(bounded))


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "tanh": lambda x: _elem("tanh", x),
    "sigmoid": lambda x: _elem("sigmoid", x),
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, x * x.dtype.type(0.01)),
    "softplus": lambda x: _elem("softplus", x),
    "softsign": lambda x: _softsign(x),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "elu": lambda x: np.where(x > 0, x, _elem("expm1", np.minimum(x, 0))),
    "sin": lambda x: _elem("sin", x),
    "gaussian": lambda x: _elem("exp", -(x * x)),
    "softmax": softmax,
}


@word
def activate(name: str, x: Any) -> Any:
    """Return `x` through the activation called `name`, such as ``"tanh"``."""
    return _ACTIVATIONS[name](x)
