"""Linear readouts that learn at every step: recursive least squares and least mean squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, read, types, write
from nodes.kernels.products import LANES, add_product, dot

__all__ = ["lms_chunk", "rls_chunk"]


@inner
def _predict(x: Any, W: Any, bias: Any, lanes: Any, y: Any) -> None:
    for o in range(y.size):
        y[o] = dot(W[o], x, lanes) + bias[o]


@inner
def _check(xs: Any, targets: Any, W: Any, bias: Any) -> None:
    """Refuse shapes that would read beyond an array: loops do not look."""
    fits = W.shape == (targets.shape[1], xs.shape[1]) and bias.size == len(W)
    if not fits or len(targets) != len(xs):
        raise DataError("readout: the shapes of xs, targets, W_out and bias do not fit each other")


@inner
def _has_target(target: Any) -> Any:
    for value in target:
        if np.isnan(value):
            return False
    return True


@inner
def _gain(z: Any, P: Any, forgetting: Any, Pz: Any, lanes: Any) -> Any:
    """Set ``Pz = P z``, shrink `P`, and return ``1 / (forgetting + z' P z)``."""
    Pz[:] = 0
    add_product(Pz, P, z)
    scale = 1.0 / (forgetting + dot(z, Pz, lanes))
    growth = 1.0 / forgetting
    for i in range(Pz.size):
        row, Pz_i = P[i], Pz[i]
        for j in range(Pz.size):
            row[j] = (row[j] - (Pz_i * Pz[j]) * scale) * growth  # the same bits for i, j and j, i
    return scale


def _rls_signature(f: Any) -> Any:
    learned = write(f, 2), write(f, 1), write(types.float64, 2)
    return types.void(read(f, 2), read(f, 2), *learned, types.float64, write(f, 2))


@kernel(_rls_signature)
def _rls(xs: Any, targets: Any, W: Any, bias: Any, P: Any, forgetting: Any, ys: Any) -> None:
    n = xs.shape[1]
    _check(xs, targets, W, bias)
    if P.shape != (n, n) and P.shape != (n + 1, n + 1):
        raise DataError("rls: P does not fit xs; its shape is (n, n), or (n + 1, n + 1) with bias")
    lanes, wide = np.empty(LANES, xs.dtype), np.empty(LANES, P.dtype)
    z, Pz = np.ones(len(P), P.dtype), np.empty(len(P), P.dtype)
    for t in range(len(xs)):
        _predict(xs[t], W, bias, lanes, ys[t])
        if not _has_target(targets[t]):
            continue
        z[:n] = xs[t]
        scale = _gain(z, P, forgetting, Pz, wide)
        for o in range(len(W)):
            step = (targets[t, o] - ys[t, o]) * scale
            for j in range(n):
                W[o, j] += step * Pz[j]
            if len(P) > n:
                bias[o] += step * Pz[n]


def _lms_signature(f: Any) -> Any:
    learned = write(f, 2), write(f, 1)
    return types.void(read(f, 2), read(f, 2), *learned, f, types.boolean, write(f, 2))


@kernel(_lms_signature)
def _lms(xs: Any, targets: Any, W: Any, bias: Any, rate: Any, fit_bias: Any, ys: Any) -> None:
    _check(xs, targets, W, bias)
    lanes = np.empty(LANES, xs.dtype)
    for t in range(len(xs)):
        _predict(xs[t], W, bias, lanes, ys[t])
        if not _has_target(targets[t]):
            continue
        for o in range(len(W)):
            step = rate * (targets[t, o] - ys[t, o])
            for j in range(xs.shape[1]):
                W[o, j] += step * xs[t, j]
            if fit_bias:
                bias[o] += step


def rls_chunk(
    xs: Array, targets: Array, W_out: Array, bias: Array, P: Array, forgetting: float = 1.0
) -> Array:
    """Return predictions made before each update, and learn by recursive least squares in place.

    With ``z = [x, 1]`` (or x alone, if `P` is that small) and ``e = target - y``:
    ``k = P z / (forgetting + z' P z)``, ``[W_out, bias] += e k'`` and
    ``P = (P - k (P z)') / forgetting`` [1]_. `P` is kept in double precision, and symmetric to the
    last bit. One chunk or many give the same bits.

    Parameters
    ----------
    xs : ndarray, shape (n_steps, n)
        Input, float32 or float64.
    targets : ndarray, shape (n_steps, n_out)
        Targets, of the same precision; a row that holds a NaN is predicted, but not learned from.
    W_out, bias : ndarray, shape (n_out, n) and (n_out,)
        Weights, of the same precision, C-contiguous; changed in place.
    P : ndarray of float64, shape (n + 1, n + 1), or (n, n) for a bias that stays
        Symmetric inverse correlation matrix, at first ``eye / alpha``, C-contiguous; changed in
        place.
    forgetting : float in (0, 1]
        Weight of the past at each step; 1 forgets nothing.

    Returns
    -------
    ndarray, shape (n_steps, n_out)

    References
    ----------
    .. [1] S. Haykin, Adaptive Filter Theory, 4th ed., Prentice Hall (2002), chapter 9.

    Examples
    --------
    >>> W_out, bias, P = np.zeros((1, 1)), np.zeros(1), np.eye(2) / 1e-9
    >>> x = np.arange(4.0)[:, np.newaxis]
    >>> y = rls_chunk(x, 2 * x + 1, W_out, bias, P)
    >>> np.round([W_out[0, 0], bias[0]], 6)
    array([2., 1.])
    """
    ys = np.empty(targets.shape, xs.dtype)
    chunk = np.ascontiguousarray(xs), np.ascontiguousarray(targets)
    _rls(xs.dtype)(*chunk, W_out, bias, P, forgetting, ys)
    return ys


def lms_chunk(
    xs: Array, targets: Array, W_out: Array, bias: Array, rate: float, fit_bias: bool = True
) -> Array:
    """Return predictions made before each update, and learn by least mean squares in place.

    ``e = target - y``, ``W_out += rate e x'`` and ``bias += rate e`` [1]_.

    Parameters
    ----------
    xs, targets, W_out, bias
        As in `rls_chunk`.
    rate : float
        Learning rate.
    fit_bias : bool
        Whether the bias learns.

    Returns
    -------
    ndarray, shape (n_steps, n_out)

    References
    ----------
    .. [1] B. Widrow, M. E. Hoff, IRE WESCON Convention Record 4 (1960) 96-104.

    Examples
    --------
    >>> W_out, bias = np.zeros((1, 1)), np.zeros(1)
    >>> lms_chunk(np.ones((3, 1)), np.ones((3, 1)), W_out, bias, rate=0.25)[:, 0]
    array([0.  , 0.5 , 0.75])
    """
    ys = np.empty(targets.shape, xs.dtype)
    chunk = np.ascontiguousarray(xs), np.ascontiguousarray(targets)
    _lms(xs.dtype)(*chunk, W_out, bias, rate, fit_bias, ys)
    return ys
