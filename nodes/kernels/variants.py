"""Reservoirs of other kinds over a chunk of steps: turning ones and spiking ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import add_product, affine, csr_parts, dot_sparse

__all__ = ["add_recurrent", "es2n_chunk", "lif_chunk", "split"]


@inner
def add_recurrent(drive: Any, WT: Any, data: Any, indices: Any, indptr: Any, state: Any) -> None:
    """Add ``W state`` to `drive`; W is dense, or sparse if `WT` is empty."""
    if len(WT) > 0:
        add_product(drive, WT, state)
        return
    for i in range(drive.size):
        drive[i] += dot_sparse(data, indices, indptr[i], indptr[i + 1], state)


def _weights(f: Any) -> tuple[Any, ...]:
    index = read(types.uint32, 1)
    return read(f, 2), read(f, 1), index, index


@kernel(
    lambda f: types.void(
        *_weights(f), read(f, 2), read(f, 2), f, types.int64, read(f, 1), write(f, 2)
    )
)
def _es2n(
    WT: Any,
    data: Any,
    indices: Any,
    indptr: Any,
    OT: Any,
    drives: Any,
    b: Any,
    code: Any,
    x: Any,
    ys: Any,
) -> None:
    state, turned = x.copy(), np.empty_like(x)
    rest = x.dtype.type(1) - b
    for t in range(len(drives)):
        drive = drives[t].copy()
        add_recurrent(drive, WT, data, indices, indptr, state)
        activate(code, drive)
        turned[:] = 0
        add_product(turned, OT, state)
        for i in range(state.size):
            state[i] = b * drive[i] + rest * turned[i]
            ys[t, i] = state[i]


@kernel(
    lambda f: types.void(
        *_weights(f),
        read(f, 2),
        read(f, 1),
        f,
        types.boolean,
        write(f, 1),
        write(f, 1),
        write(f, 2),
    )
)
def _lif(
    WT: Any,
    data: Any,
    indices: Any,
    indptr: Any,
    drives: Any,
    leak: Any,
    threshold: Any,
    subtract: Any,
    v: Any,
    spikes: Any,
    ys: Any,
) -> None:
    zero, one = v.dtype.type(0), v.dtype.type(1)
    for t in range(len(drives)):
        drive = drives[t].copy()
        add_recurrent(drive, WT, data, indices, indptr, spikes)
        for i in range(v.size):
            v[i] = (one - leak[i]) * v[i] + drive[i]
            fired = v[i] >= threshold
            spikes[i] = one if fired else zero
            if fired:
                v[i] = v[i] - threshold if subtract else zero
            ys[t, i] = spikes[i]


def es2n_chunk(xs: Array, params: Any, proximity: float, code: int, x: Array) -> Array:
    """Return the states of a `nodes.ES2N`; the same bits for one chunk or many.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
        Input.
    params
        Its weights W_in, W, O and bias.
    proximity : float
        Share of what the activation makes.
    code : int
        The activation, from `nodes.activations.CODES`.
    x : ndarray, shape (units,)
        State before the first step.
    """
    ys = np.empty((len(xs), x.size), x.dtype)
    drives = affine(xs, params.W_in, params.bias)
    OT = params.O.toarray().T if is_sparse(params.O) else params.O.T
    parts = *split(params.W), np.ascontiguousarray(OT), drives
    _es2n(x.dtype)(*parts, x.dtype.type(proximity), code, np.ascontiguousarray(x), ys)
    return ys


def lif_chunk(
    xs: Array, params: Any, leak: Array, threshold: float, subtract: bool, v: Array, spikes: Array
) -> Array:
    """Return the spikes of a `nodes.LIF`, and leave its state in `v` and `spikes`.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
        Input.
    params
        Its weights W_in, W and bias.
    leak : ndarray, shape (units,)
        Share of the potential that leaks away.
    threshold : float
        Potential at which a unit fires.
    subtract : bool
        Whether the threshold is subtracted then; else the potential goes back to 0.
    v, spikes : ndarray, shape (units,)
        Potentials and last spikes, changed in place.
    """
    ys = np.empty((len(xs), v.size), v.dtype)
    drives = affine(xs, params.W_in, params.bias)
    _lif(v.dtype)(*split(params.W), drives, leak, v.dtype.type(threshold), subtract, v, spikes, ys)
    return ys


def split(W: Any) -> tuple[Any, ...]:
    """Return W transposed and no CSR parts, or nothing and its CSR parts."""
    if is_sparse(W):
        return np.empty((0, 0), W.dtype), *csr_parts(W)
    none = np.empty(0, np.uint32)
    return np.ascontiguousarray(W.T), np.empty(0, W.dtype), none, none
