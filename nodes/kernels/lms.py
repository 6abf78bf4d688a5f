"""Linear readouts that learn by least mean squares at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodes.kernels.compiling import inner, kernel, matrix, read, step, types, vector, write
from nodes.kernels.products import LANES, dot
from nodes.kernels.readouts import check_fit, has_target, predict

__all__ = ["FLOOR", "lms_arguments", "lms_chunk", "lms_step"]

FLOOR = 1e-8  # what is added to the square of an input that a rate is divided by


@step
def lms_step(args: Any, io: Any, like: Any) -> None:
    """Predict, and learn if there is a target; `lms_arguments` says what `args` are."""
    n_out, n_in, slot = args[4], args[5], args[6]
    W, bias = matrix(args[0], n_out, n_in, like), vector(args[1], n_out, like)
    x, y, lanes = (
        vector(io[1], n_in, like),
        vector(io[0], n_out, like),
        vector(args[2], LANES, like),
    )
    predict(x, W, bias, lanes, y)
    target = vector(io[slot], n_out, like)
    if has_target(target):
        rate = _pace(x, vector(args[3], 1, like)[0], args[7] != 0, args[8] != 0, lanes)
        _descend(x, target, y, W, bias, rate, args[7] != 0)


def lms_arguments(
    W: Array, bias: Array, rate: float, fit_bias: bool, slot: int, normalized: bool = False
) -> tuple[Any, ...]:
    """Return the arguments of `lms_step`, which changes W and bias in place."""
    scratch = np.empty(LANES, W.dtype), np.array([rate], W.dtype)
    return W, bias, *scratch, *W.shape, slot, fit_bias, normalized


@inner
def _pace(x: Any, rate: Any, fit_bias: Any, normalized: Any, lanes: Any) -> Any:
    """Return the rate at this input, relative to its square if it is normalised."""
    if not normalized:
        return rate
    constant = x.dtype.type(1) if fit_bias else x.dtype.type(0)
    return rate / (x.dtype.type(FLOOR) + dot(x, x, lanes) + constant)


@inner
def _descend(x: Any, target: Any, y: Any, W: Any, bias: Any, rate: Any, fit_bias: Any) -> None:
    for o in range(len(W)):
        error, row = rate * (target[o] - y[o]), W[o]
        for j in range(row.size):
            row[j] += error * x[j]
        if fit_bias:
            bias[o] += error


def _lms_signature(f: Any) -> Any:
    learned = write(f, 2), write(f, 1)
    return types.void(read(f, 2), read(f, 2), *learned, f, *2 * [types.boolean], write(f, 2))


@kernel(_lms_signature)
def _lms(
    xs: Any, targets: Any, W: Any, bias: Any, rate: Any, fit_bias: Any, normalized: Any, ys: Any
) -> None:
    check_fit(xs, targets, W, bias)
    lanes = np.empty(LANES, xs.dtype)
    for t in range(len(xs)):
        predict(xs[t], W, bias, lanes, ys[t])
        if has_target(targets[t]):
            pace = _pace(xs[t], rate, fit_bias, normalized, lanes)
            _descend(xs[t], targets[t], ys[t], W, bias, pace, fit_bias)


def lms_chunk(
    xs: Array,
    targets: Array,
    W_out: Array,
    bias: Array,
    rate: float,
    fit_bias: bool = True,
    normalized: bool = False,
) -> Array:
    """Return predictions made before each update, and learn by least mean squares in place.

    ``e = target - y``, ``W_out += pace e x'`` and ``bias += pace e`` [1]_; pace is the rate, or
    ``rate / (1e-8 + |z|^2)`` if normalized, with z = [x, 1], or x without bias.

    Parameters
    ----------
    xs, targets, W_out, bias
        As in `nodes.kernels.rls.rls_chunk`.
    rate : float
        Learning rate.
    fit_bias : bool
        Whether the bias learns.
    normalized : bool
        Whether the rate is relative to the square of the input.

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
    _lms(xs.dtype)(*chunk, W_out, bias, rate, fit_bias, normalized, ys)
    return ys
