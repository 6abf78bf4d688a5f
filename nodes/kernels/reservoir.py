"""The leaky reservoir over a chunk of steps, with dense or sparse recurrent weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import add_product, csr_parts, dot_sparse

__all__ = ["reservoir_csr", "reservoir_dense"]


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


def reservoir_csr(
    xs: Array,
    WinT: Array,
    W: Any,
    bias: Array,
    leak: Array,
    code: int,
    x: Array,
    fb: Array | None = None,
    WfbT: Array | None = None,
    noise: Array | None = None,
) -> Array:
    """Return the states of a leaky reservoir, step by step.

    ``x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + W_fb y[t-1] + b + noise[t])``, summed in
    that order, whatever the number of steps: the same bits for one chunk or many. All arrays
    have one precision, float32 or float64; none of them is changed. Arrays that are not
    C-contiguous are copied, so keep `WinT` and `WfbT` (or W_in in Fortran order) from call to
    call.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n_in)
        Input u.
    WinT : ndarray, shape (n_in, units)
        Input weights, transposed.
    W : csr_array, shape (units, units)
        Recurrent weights.
    bias, leak : ndarray, shape (units,)
        Bias b and leak rates a.
    code : int
        The activation f, from `nodes.activations.CODES`.
    x : ndarray, shape (units,)
        State before the first step.
    fb, WfbT : ndarray, shape (n_steps, n_fb) and (n_fb, units), optional
        What comes in as feedback at each step, and its weights, transposed.
    noise : ndarray, shape (n_steps, units), optional
        Anything that is added before the activation.

    Returns
    -------
    ndarray, shape (n_steps, units)
        The last row is the state after the chunk.
    """
    ys = np.empty((len(xs), x.size), x.dtype)
    rest = _rest(xs, WinT, fb, WfbT, bias, leak, noise, x)
    _csr(x.dtype)(*csr_parts(W), *rest[:7], code, rest[7], ys)
    return ys


def reservoir_dense(
    xs: Array,
    WinT: Array,
    WT: Array,
    bias: Array,
    leak: Array,
    code: int,
    x: Array,
    fb: Array | None = None,
    WfbT: Array | None = None,
    noise: Array | None = None,
) -> Array:
    """Return the states of a leaky reservoir with dense recurrent weights; as `reservoir_csr`.

    Parameters
    ----------
    xs, WinT, bias, leak, code, x, fb, WfbT, noise
        As in `reservoir_csr`.
    WT : ndarray, shape (units, units)
        Recurrent weights, transposed.

    Returns
    -------
    ndarray, shape (n_steps, units)

    Examples
    --------
    >>> eye, one = np.eye(2), np.ones(2)
    >>> reservoir_dense(np.ones((3, 1)), np.ones((1, 2)), eye, 0 * one, one, 0, 0 * one)[-1]
    array([3., 3.])
    """
    ys = np.empty((len(xs), x.size), x.dtype)
    rest = _rest(xs, WinT, fb, WfbT, bias, leak, noise, x)
    _dense(x.dtype)(np.ascontiguousarray(WT), *rest[:7], code, rest[7], ys)
    return ys


def _rest(
    xs: Array,
    WinT: Array,
    fb: Array | None,
    WfbT: Array | None,
    bias: Array,
    leak: Array,
    noise: Array | None,
    x: Array,
) -> list[Array]:
    if fb is None or WfbT is None:
        fb, WfbT = np.empty((len(xs), 0), x.dtype), np.empty((0, x.size), x.dtype)
    if noise is None:
        noise = np.empty((0, x.size), x.dtype)
    return [np.ascontiguousarray(part) for part in (xs, WinT, fb, WfbT, bias, leak, noise, x)]
