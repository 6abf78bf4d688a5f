"""The leaky reservoir over a chunk of steps, with dense or sparse recurrent weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import add_product, csr_parts, dot_sparse

__all__ = ["reservoir"]


def _shared(f: Any) -> tuple[Any, ...]:
    """Return the types of xs, WinT, fb, WfbT, bias, leak, noise, code, x and ys."""
    series, row = read(f, 2), read(f, 1)
    return series, series, series, series, row, row, series, types.int64, row, write(f, 2)


def _csr_signature(f: Any) -> Any:
    index = read(types.uint32, 1)
    return types.void(read(f, 1), index, index, *_shared(f))


def _dense_signature(f: Any) -> Any:
    return types.void(read(f, 2), *_shared(f))


@inner
def _check(
    xs: Any, WinT: Any, fb: Any, WfbT: Any, bias: Any, leak: Any, noise: Any, x: Any
) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    n_steps, units = len(xs), x.size
    fits = WinT.shape == (xs.shape[1], units) and WfbT.shape == (fb.shape[1], units)
    fits = fits and bias.size == units and leak.size == units and len(fb) == n_steps
    fits = fits and (len(noise) == 0 or noise.shape == (n_steps, units))
    if not fits:
        raise DataError("reservoir: the shapes of inputs, weights and state do not fit each other")


@inner
def _settle(
    drive: Any,
    t: Any,
    xs: Any,
    WinT: Any,
    fb: Any,
    WfbT: Any,
    bias: Any,
    leak: Any,
    noise: Any,
    code: Any,
    state: Any,
    ys: Any,
) -> None:
    """Turn ``drive = W x`` into the next state, and write it into row t of `ys`."""
    add_product(drive, WinT, xs[t])
    if fb.shape[1] > 0:
        add_product(drive, WfbT, fb[t])
    for i in range(drive.size):
        drive[i] += bias[i]
    if len(noise) > 0:
        for i in range(drive.size):
            drive[i] += noise[t, i]
    activate(code, drive)
    for i in range(drive.size):
        state[i] = (state.dtype.type(1) - leak[i]) * state[i] + leak[i] * drive[i]
        ys[t, i] = state[i]


@kernel(_csr_signature)
def _csr(
    data: Any,
    indices: Any,
    indptr: Any,
    xs: Any,
    WinT: Any,
    fb: Any,
    WfbT: Any,
    bias: Any,
    leak: Any,
    noise: Any,
    code: Any,
    x: Any,
    ys: Any,
) -> None:
    _check(xs, WinT, fb, WfbT, bias, leak, noise, x)
    if indptr.size != x.size + 1:
        raise DataError("reservoir: W does not fit the state")
    state = x.copy()
    drive = np.empty_like(state)
    for t in range(len(xs)):
        for i in range(drive.size):
            drive[i] = dot_sparse(data, indices, indptr[i], indptr[i + 1], state)
        _settle(drive, t, xs, WinT, fb, WfbT, bias, leak, noise, code, state, ys)


@kernel(_dense_signature)
def _dense(
    WT: Any,
    xs: Any,
    WinT: Any,
    fb: Any,
    WfbT: Any,
    bias: Any,
    leak: Any,
    noise: Any,
    code: Any,
    x: Any,
    ys: Any,
) -> None:
    _check(xs, WinT, fb, WfbT, bias, leak, noise, x)
    if WT.shape != (x.size, x.size):
        raise DataError("reservoir: W does not fit the state")
    state = x.copy()
    drive = np.empty_like(state)
    for t in range(len(xs)):
        drive[:] = 0
        add_product(drive, WT, state)
        _settle(drive, t, xs, WinT, fb, WfbT, bias, leak, noise, code, state, ys)


def reservoir(
    W: Any,
    WinT: Array,
    bias: Array,
    leak: Array,
    code: int,
    WfbT: Array | None = None,
) -> Callable[..., Array]:
    """Return the compiled loop of one leaky reservoir: ``loop(xs, x, fb=None, noise=None) -> ys``.

    ``x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + W_fb y[t-1] + b + noise[t])``, summed in
    that order, whatever the number of steps: the same bits for one chunk or many. All arrays
    have one precision, float32 or float64; none of them is changed. Weights are brought into the
    order that the loop wants once, here; WinT and WfbT are copied if they are not C-contiguous.

    Parameters
    ----------
    W : ndarray or csr_array, shape (units, units)
        Recurrent weights.
    WinT : ndarray, shape (n_in, units)
        Input weights, transposed.
    bias, leak : ndarray, shape (units,)
        Bias b and leak rates a.
    code : int
        The activation f, from `nodes.activations.CODES`.
    WfbT : ndarray, shape (n_fb, units), optional
        Weights of what comes in as feedback, transposed.

    Returns
    -------
    callable
        It takes the input u (n_steps, n_in), the state before the first step (units,), what comes
        in as feedback (n_steps, n_fb), and anything that is added before the activation
        (n_steps, units). It returns the states (n_steps, units); the last row is the state after.

    Examples
    --------
    >>> eye, one = np.eye(2), np.ones(2)
    >>> reservoir(eye, np.ones((1, 2)), 0 * one, one, 0)(np.ones((3, 1)), 0 * one)[-1]
    array([3., 3.])
    """
    dtype, units = bias.dtype, bias.size
    sparse = is_sparse(W)
    matrix = csr_parts(W) if sparse else (np.ascontiguousarray(W.T),)
    compiled = (_csr if sparse else _dense)(dtype)
    nothing = np.empty((0, units), dtype)
    weights = [np.ascontiguousarray(part) for part in (WinT, nothing if WfbT is None else WfbT)]
    rows = [np.ascontiguousarray(part) for part in (bias, leak)]

    def loop(xs: Array, x: Array, fb: Array | None = None, noise: Array | None = None) -> Array:
        ys = np.empty((len(xs), units), dtype)
        fed = (np.empty((len(xs), 0), dtype), nothing) if fb is None else (_flat(fb), weights[1])
        added = nothing if noise is None else _flat(noise)
        compiled(*matrix, _flat(xs), weights[0], *fed, *rows, added, code, _flat(x), ys)
        return ys

    return loop


def _flat(array: Array) -> Array:
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)
