"""Linear readouts that learn by recursive least squares at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError
from nodes.kernels.compiling import inner, kernel, matrix, read, step, types, vector, write
from nodes.kernels.products import LANES, add_product, dot
from nodes.kernels.readouts import check_fit, has_target, predict

__all__ = ["rls_arguments", "rls_chunk", "rls_step"]


@inner
def _multiply(P: Any, z: Any, Pz: Any) -> None:
    """Set ``Pz = P z`` for a symmetric P, four rows at a time."""
    Pz[:] = 0
    add_product(Pz, P, z)


@inner
def _shrink_row(row: Any, own: Any, Pz: Any, scale: Any, growth: Any) -> None:
    for j in range(Pz.size):
        row[j] = (row[j] - (own * Pz[j]) * scale) * growth  # the same bits for i, j and j, i


@inner
def _shrink(P: Any, Pz: Any, scale: Any, growth: Any) -> None:
    """Take ``Pz Pz' scale`` away from P and let it grow."""
    for i in range(Pz.size):
        _shrink_row(P[i], Pz[i], Pz, scale, growth)


@inner
def _shrink_and_multiply(P: Any, Pz: Any, scale: Any, growth: Any, z: Any, following: Any) -> None:
    """Do `_shrink`, and `_multiply` with the next z while the rows of P are in the cache."""
    n = Pz.size
    following[:] = 0
    for i in range(0, n, 4):
        stop = min(i + 4, n)
        for k in range(i, stop):
            _shrink_row(P[k], Pz[k], Pz, scale, growth)
        add_product(following, P[i:stop], z[i:stop])


@inner
def _correct(target: Any, y: Any, W: Any, bias: Any, Pz: Any, scale: Any) -> None:
    """Change the weights along ``Pz`` by what the prediction was wrong."""
    for o in range(len(W)):
        error, row = (target[o] - y[o]) * scale, W[o]
        for j in range(row.size):
            row[j] += error * Pz[j]
        if Pz.size > row.size:
            bias[o] += error * Pz[row.size]


@inner
def _gain(z: Any, Pz: Any, forgetting: Any, lanes: Any) -> Any:
    return 1.0 / (forgetting + dot(z, Pz, lanes))


def _rls_signature(f: Any) -> Any:
    learned = write(f, 2), write(f, 1), write(types.float64, 2)
    return types.void(read(f, 2), read(f, 2), *learned, types.float64, write(f, 2))


@kernel(_rls_signature)
def _rls(xs: Any, targets: Any, W: Any, bias: Any, P: Any, forgetting: Any, ys: Any) -> None:
    n = xs.shape[1]
    check_fit(xs, targets, W, bias)
    if P.shape != (n, n) and P.shape != (n + 1, n + 1):
        raise DataError("rls: P does not fit xs; its shape is (n, n), or (n + 1, n + 1) with bias")
    lanes, wide = np.empty(LANES, xs.dtype), np.empty(LANES, P.dtype)
    z, Pz, following = np.ones(len(P)), np.empty(len(P)), np.empty(len(P))
    growth, at_hand = 1.0 / forgetting, False
    for t in range(len(xs)):
        predict(xs[t], W, bias, lanes, ys[t])
        if not has_target(targets[t]):
            continue
        z[:n] = xs[t]
        if not at_hand:
            _multiply(P, z, Pz)
        scale = _gain(z, Pz, forgetting, wide)
        _correct(targets[t], ys[t], W, bias, Pz, scale)
        later = t + 1
        while later < len(xs) and not has_target(targets[later]):
            later += 1
        at_hand = later < len(xs)
        if at_hand:
            z[:n] = xs[later]
            _shrink_and_multiply(P, Pz, scale, growth, z, following)
            Pz, following = following, Pz
        else:
            _shrink(P, Pz, scale, growth)


@step
def rls_step(args: Any, io: Any, like: Any) -> None:
    """Predict, and learn if there is a target; `rls_arguments` says what `args` are."""
    n_out, n_in, size, slot = args[8], args[9], args[10], args[11]
    W, bias = matrix(args[0], n_out, n_in, like), vector(args[1], n_out, like)
    x, y = vector(io[1], n_in, like), vector(io[0], n_out, like)
    predict(x, W, bias, vector(args[6], LANES, like), y)
    target = vector(io[slot], n_out, like)
    if not has_target(target):
        return
    lessons = vector(args[13], 1, np.int64(0))
    lessons[0] += 1
    if (lessons[0] - 1) % args[12] != 0:
        return
    wide = np.float64(0)
    P = matrix(args[2], size, size, wide)
    z, Pz = vector(args[3], size, wide), vector(args[4], size, wide)
    lanes, settings = vector(args[5], LANES, wide), vector(args[7], 2, wide)
    for j in range(n_in):
        z[j] = x[j]
    forgetting, bound = settings[0], settings[1]
    if forgetting < 1:
        trace = 0.0
        for i in range(size):
            trace += P[i, i]
        if trace > bound * forgetting:
            forgetting = 1.0
    _multiply(P, z, Pz)
    scale = _gain(z, Pz, forgetting, lanes)
    _correct(target, y, W, bias, Pz, scale)
    _shrink(P, Pz, scale, 1.0 / forgetting)


def rls_arguments(
    W: Array,
    bias: Array,
    P: Array,
    forgetting: float,
    bound: float,
    slot: int,
    lessons: Array,
    every: int = 1,
) -> tuple[Any, ...]:
    """Return the arguments of `rls_step`, which changes W, bias, P and lessons in place.

    It does not forget in a step that would take the trace of P above `bound`; `slot` is the place
    of the target. It learns from each lesson whose number is a multiple of `every`; `lessons` is an
    int64 with the number of those that have been.
    """
    size = len(P)
    scratch = np.ones(size), np.empty(size), np.empty(LANES), np.empty(LANES, W.dtype)
    return W, bias, P, *scratch, np.array([forgetting, bound]), *W.shape, size, slot, every, lessons


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
