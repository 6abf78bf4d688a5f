"""Single steps of reservoirs of other kinds and of lagged products, compiled, for loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, matrix, step, vector
from nodes.kernels.products import LANES, add_product, csr_parts, dot, dot_sparse
from nodes.kernels.variants import add_recurrent, split

__all__ = [
    "es2n_arguments",
    "es2n_step",
    "lif_arguments",
    "lif_step",
    "nvar_arguments",
    "nvar_step",
]

_INPUT, _RECURRENT, _OWN = 6, 12, 19  # where the groups of arguments of a reservoir begin


@inner
def _take_in(args: Any, x: Any, bias: Any, lanes: Any, drive: Any, like: Any) -> None:
    """Set `drive` to ``W_in x + bias``, in the order of `nodes.kernels.products.affine`."""
    if args[_INPUT] != 0:
        W = matrix(args[_INPUT + 1], drive.size, x.size, like)
        for i in range(drive.size):
            drive[i] = dot(W[i], x, lanes) + bias[i]
        return
    whole = np.uint32(0)
    data = vector(args[_INPUT + 2], args[_INPUT + 3], like)
    indices = vector(args[_INPUT + 4], args[_INPUT + 3], whole)
    starts = vector(args[_INPUT + 5], drive.size + 1, whole)
    for i in range(drive.size):
        drive[i] = dot_sparse(data, indices, starts[i], starts[i + 1], x) + bias[i]


@inner
def _hear(args: Any, state: Any, drive: Any, like: Any) -> None:
    """Add ``W state`` to `drive`."""
    at, whole = _RECURRENT, np.uint32(0)
    WT = matrix(args[at], args[at + 1], state.size, like)
    data, indices = (
        vector(args[at + 2], args[at + 4], like),
        vector(args[at + 3], args[at + 4], whole),
    )
    add_recurrent(drive, WT, data, indices, vector(args[at + 5], args[at + 6], whole), state)


@inner
def _driven(args: Any, io: Any, state: Any, like: Any) -> Any:
    """Return ``W_in x + bias + W state``."""
    drive, lanes = vector(args[2], args[0], like), vector(args[3], LANES, like)
    _take_in(args, vector(io[1], args[1], like), vector(args[4], args[0], like), lanes, drive, like)
    _hear(args, state, drive, like)
    return drive


@step
def es2n_step(args: Any, io: Any, like: Any) -> None:
    """Move a `nodes.ES2N` on; `es2n_arguments` says what `args` are."""
    n = args[0]
    state, turned = vector(args[5], n, like), vector(args[_OWN], n, like)
    drive, y = _driven(args, io, state, like), vector(io[0], n, like)
    activate(args[_OWN + 1], drive)
    turned[:] = 0
    add_product(turned, matrix(args[_OWN + 2], n, n, like), state)
    shares = vector(args[_OWN + 3], 2, like)
    b, rest = shares[0], shares[1]
    for i in range(n):
        state[i] = b * drive[i] + rest * turned[i]
        y[i] = state[i]


@step
def lif_step(args: Any, io: Any, like: Any) -> None:
    """Move a `nodes.LIF` on; `lif_arguments` says what `args` are."""
    n, zero = args[0], like - like
    spikes, v = vector(args[5], n, like), vector(args[_OWN], n, like)
    drive, y = _driven(args, io, spikes, like), vector(io[0], n, like)
    kept, threshold = vector(args[_OWN + 1], n, like), vector(args[_OWN + 2], 2, like)
    for i in range(n):
        v[i] = kept[i] * v[i] + drive[i]
        fired = v[i] >= threshold[0]
        spikes[i] = threshold[1] if fired else zero
        if fired:
            v[i] = v[i] - threshold[0] if args[_OWN + 3] != 0 else zero
        y[i] = spikes[i]


@step
def nvar_step(args: Any, io: Any, like: Any) -> None:
    """Move a `nodes.NVAR` on; `nvar_arguments` says what `args` are."""
    n, depth, strides, orders = args[0], args[1], args[2], args[3]
    past, table = matrix(args[5], depth, n, like), matrix(args[6], orders, 2, np.int64(0))
    x, y = vector(io[1], n, like), vector(io[0], args[4], like)
    end = 0
    for ago in range(0, depth + 1, strides):
        for j in range(n):
            y[end + j] = past[depth - ago, j] if ago > 0 else x[j]
        end += n
    at = 0
    for k in range(orders):
        order, count = table[k, 0], table[k, 1]
        factors = matrix(args[7] + 8 * at, order, count, np.int64(0))
        for i in range(count):
            y[end + i] = y[factors[0, i]]
            for q in range(1, order):
                y[end + i] *= y[factors[q, i]]
        at, end = at + order * count, end + count
    for t in range(depth):
        for j in range(n):
            past[t, j] = past[t + 1, j] if t + 1 < depth else x[j]


def _reservoir_arguments(params: Any, state: Array, n_in: int) -> tuple[Any, ...]:
    """Return what the steps of all reservoirs need; `state` is what W reads."""
    n, W_in, dtype = len(params.bias), params.W_in, state.dtype
    sparse = is_sparse(W_in)
    parts = csr_parts(W_in) if sparse else (np.empty(0, dtype), *2 * [np.empty(0, np.uint32)])
    whole = np.empty((0, 0), dtype) if sparse else np.ascontiguousarray(W_in)
    WT, data, indices, starts = split(params.W)
    scratch = np.empty(n, dtype), np.empty(LANES, dtype)
    incoming = int(not sparse), whole, parts[0], len(parts[0]), parts[1], parts[2]
    recurrent = WT, len(WT), data, indices, len(data), starts, len(starts)
    return n, n_in, *scratch, np.ascontiguousarray(params.bias), state, *incoming, *recurrent


def es2n_arguments(
    params: Any, proximity: float, code: int, state: Array, n_in: int
) -> tuple[Any, ...]:
    """Return the arguments of `es2n_step`, which changes `state` in place."""
    b, n = state.dtype.type(proximity), len(state)
    OT = params.O.toarray().T if is_sparse(params.O) else params.O.T
    shares = np.array([b, state.dtype.type(1) - b])
    own = np.empty(n, state.dtype), code, np.ascontiguousarray(OT), shares
    return *_reservoir_arguments(params, state, n_in), *own


def lif_arguments(
    params: Any, leak: Array, threshold: float, subtract: bool, v: Array, spikes: Array, n_in: int
) -> tuple[Any, ...]:
    """Return the arguments of `lif_step`, which changes `v` and `spikes` in place."""
    kept = v.dtype.type(1) - leak
    own = v, np.ascontiguousarray(kept), np.array([threshold, 1], v.dtype), int(subtract)
    return *_reservoir_arguments(params, spikes, n_in), *own


def nvar_arguments(
    past: Array, strides: int, factors: Sequence[Array], n_out: int
) -> tuple[Any, ...]:
    """Return the arguments of `nvar_step`, which changes `past` in place.

    Parameters
    ----------
    past : ndarray, shape (depth, n_in)
    strides : int
    factors : sequence of ndarray, shape (order, n_products)
        Of each order, which of the lagged inputs its products have as factors.
    n_out : int
    """
    table = np.array([part.shape for part in factors], np.int64).reshape(-1, 2)
    flat = np.concatenate([np.empty(0, np.int64), *(part.ravel() for part in factors)])
    sizes = past.shape[1], len(past), strides, len(factors), n_out
    return *sizes, past, table, flat.astype(np.int64)
