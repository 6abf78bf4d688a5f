"""A layer without memory over a chunk of rows: `nodes.Dense`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import LANES, dot

__all__ = ["layer_chunk", "look", "require_layer", "respond"]


@inner
def look(x: Any, normalise: Any, lanes: Any, z: Any) -> None:
    """Set `z` to `x`, with a mean square of 1 if that is wanted."""
    z[:] = x
    if normalise and x.size > 0:
        one = x.dtype.type(1)
        silence = x.dtype.type(1e-12)
        factor = one / np.sqrt(dot(x, x, lanes) / x.dtype.type(x.size) + silence)
        for j in range(z.size):
            z[j] *= factor


@inner
def respond(z: Any, W: Any, bias: Any, code: Any, lanes: Any, y: Any) -> None:
    """Set ``y = f(W z + bias)``."""
    for i in range(y.size):
        y[i] = dot(W[i], z, lanes) + bias[i]
    activate(code, y)


def _signature(f: Any) -> Any:
    return types.void(read(f, 2), read(f, 2), read(f, 1), types.int64, types.boolean, write(f, 2))


@kernel(_signature)
def _layer(xs: Any, W: Any, bias: Any, code: Any, normalise: Any, ys: Any) -> None:
    lanes, z = np.empty(LANES, ys.dtype), np.empty(xs.shape[1], ys.dtype)
    for t in range(len(xs)):
        look(xs[t], normalise, lanes, z)
        respond(z, W, bias, code, lanes, ys[t])


def layer_chunk(xs: Array, W: Array, bias: Array, code: int, normalise: bool) -> Array:
    """Return ``f(W z + bias)`` for each row; see `nodes.Dense`.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
    W : ndarray, shape (units, n_in)
    bias : ndarray, shape (units,)
    code : int
        That of f in `nodes.activations`.
    normalise : bool

    Examples
    --------
    >>> layer_chunk(np.ones((1, 3)), np.ones((2, 3)), np.zeros(2), 0, False)
    array([[3., 3.]])
    """
    require_layer(xs, W, bias)
    ys = np.empty((len(xs), len(W)), W.dtype)
    rows, weights, offset = map(np.ascontiguousarray, (xs, W, bias))
    _layer(W.dtype)(rows, weights, offset, code, normalise, ys)
    return ys


def require_layer(xs: Array, W: Array, bias: Array) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    if W.shape != (bias.size, xs.shape[1]):
        raise DataError(
            f"layer: W_in of shape {W.shape} and bias of shape {bias.shape} do not fit rows of "
            f"shape {xs.shape}"
        )
