"""Causal attention heads and hidden units over a window of a series, and how each learns alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nodegraph import Array, maths
from nodegraph.host.numerics import numerics
from nodes.parts.activations import ACTIVATIONS
from nodes.parts.slopes import SLOPES, Slanted
from nodes.ridge_regression.blas import product

__all__ = ["Heads", "Seen", "Weights", "features", "gradients"]


class Weights(NamedTuple):
    """What looks at the inputs, and what tells the target from it."""

    W_q: Array  # (heads * keys, n_in)
    b_q: Array  # (heads * keys,)
    W_k: Array  # (heads * keys, n_in)
    W_v: Array  # (heads * keys, n_in)
    b_v: Array  # (heads * keys,)
    W_h: Array  # (units, n_in + heads * keys)
    b_h: Array  # (units,)
    U: Array  # (n_target, heads * keys + units)
    u: Array  # (n_target,)


class Heads(NamedTuple):
    """How many heads look back how far, and f of the hidden units."""

    heads: int
    span: int
    activation: Slanted


class Seen(NamedTuple):
    """What is made of a window, on the way to its features."""

    q: Array  # (heads, n, keys)
    k: Array  # (heads, m, keys)
    v: Array  # (heads, m, keys)
    p: Array  # (heads, n, m), shares of attention
    below: Array  # (n, n_in + heads * keys), what hidden units hear
    y: Array  # (n, heads * keys + units)


def features(w: Weights, how: Heads, query: Array, x: Array) -> Seen:
    """Return what heads and units make of the last rows of a window.

    Parameters
    ----------
    w : Weights
    how : Heads
    query : ndarray, shape (n, n_in)
        What is looked for, at the last n steps of the window.
    x : ndarray, shape (m, n_in)
        The rows of the window.
    """
    n, m = len(query), len(x)
    q = _apart(product(query, w.W_q.T) + w.b_q, how.heads)
    k = _apart(product(x, w.W_k.T), how.heads)
    v = _apart(product(x, w.W_v.T) + w.b_v, how.heads)
    scores = _times(q, k.swapaxes(1, 2)) / _root(q)
    age = np.arange(m - n, m)[:, None] - np.arange(m)
    p = _softmax(np.where((age >= 0) & (age < how.span), scores, -np.inf).astype(x.dtype))
    c = _beside(_times(p, v))
    below = np.concatenate([query, c], axis=1)
    h = ACTIVATIONS[how.activation](product(below, w.W_h.T) + w.b_h)
    return Seen(q, k, v, p, below, np.concatenate([c, h], axis=1))


def gradients(w: Weights, how: Heads, query: Array, x: Array, left: Array) -> Weights:
    """Return the gradient of ``sum |U y + u - left|^2 / 2`` for all weights, each by itself.

    Each head and each hidden unit hears the error of the linear map alone: nothing goes from
    hidden units back to the heads that they hear. Rows of `left` that are NaN teach nothing.
    """
    seen, width = features(w, how, query, x), len(w.W_q)
    error = product(seen.y, w.U.T) + w.u - left
    error[np.isnan(error)] = 0.0
    heard = product(error, w.U)
    through = heard[:, width:] * SLOPES[how.activation](seen.y[:, width:])
    c = _apart(heard[:, :width], how.heads)
    dp = _times(c, seen.v.swapaxes(1, 2))
    ds = seen.p * (dp - np.sum(seen.p * dp, axis=2, keepdims=True)) / _root(seen.q)
    dq = _beside(_times(ds, seen.k))
    dk = _beside(_times(ds.swapaxes(1, 2), seen.q))
    dv = _beside(_times(seen.p.swapaxes(1, 2), c))
    return Weights(
        W_q=_outer(dq, query),
        b_q=dq.sum(axis=0),
        W_k=_outer(dk, x),
        W_v=_outer(dv, x),
        b_v=dv.sum(axis=0),
        W_h=_outer(through, seen.below),
        b_h=through.sum(axis=0),
        U=_outer(error, seen.y),
        u=error.sum(axis=0),
    )


def _root(q: Array) -> Any:
    return np.sqrt(q.dtype.type(q.shape[2]))


def _apart(rows: Array, heads: int) -> Array:
    """Return the columns of each head by themselves, (heads, n, keys)."""
    parts: Array = rows.reshape(len(rows), heads, -1).swapaxes(0, 1)
    return np.ascontiguousarray(parts)


def _beside(parts: Array) -> Array:
    """Return what each head has side by side, (n, heads * keys)."""
    return np.ascontiguousarray(parts.swapaxes(0, 1)).reshape(parts.shape[1], -1)


def _times(left: Array, right: Array) -> Array:
    """Return the products of each head."""
    if numerics() != "portable":
        made: Array = left @ right
        return made
    pairs = zip(left, right, strict=True)
    return np.stack([product(np.ascontiguousarray(a), np.ascontiguousarray(b)) for a, b in pairs])


def _softmax(scores: Array) -> Array:
    if numerics() == "portable":
        return np.asarray(maths.softmax(scores, axis=2))
    shares: Array = np.exp(scores - scores.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    return shares


def _outer(change: Array, rows: Array) -> Array:
    """Return the sum over rows of what is to change times what was heard."""
    return product(np.ascontiguousarray(change.T), rows)
