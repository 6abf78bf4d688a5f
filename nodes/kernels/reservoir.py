"""The leaky reservoir: over a chunk of one series, over many series, and one step in a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.errors import DataError
from nodes.kernels.activating import activate
from nodes.kernels.compiling import inner, kernel, matrix, read, step, types, vector, write
from nodes.kernels.layouts import SIDE, laid_out, layout_types, recur
from nodes.kernels.products import add_product, csr_parts

__all__ = ["Weights", "reservoir_step", "room", "settle"]


def _types(f: Any) -> tuple[Any, ...]:
    """Return the types of a layout, WinT, WfbT, bias, leak, code, xs, fb, noise, x and ys."""
    series, row = read(f, 2), read(f, 1)
    weights = *layout_types(f), series, series, row, row, types.int64
    return *weights, series, series, series, write(f, 1), write(f, 2)


@inner
def settle(
    drive: Any,
    u: Any,
    WinT: Any,
    fb: Any,
    WfbT: Any,
    bias: Any,
    noise: Any,
    code: Any,
    leak: Any,
    state: Any,
) -> None:
    """Turn ``drive = W x`` into the next state; `fb` and `noise` may be empty."""
    add_product(drive, WinT, u)
    add_product(drive, WfbT, fb)
    for i in range(drive.size):
        drive[i] += bias[i]
    if noise.size > 0:
        for i in range(drive.size):
            drive[i] += noise[i]
    activate(code, drive)
    for i in range(drive.size):
        state[i] = (state.dtype.type(1) - leak[i]) * state[i] + leak[i] * drive[i]


@kernel(lambda f: types.void(*_types(f)))
def _chunk(
    kind: Any,
    WT: Any,
    data: Any,
    indices: Any,
    starts: Any,
    WinT: Any,
    WfbT: Any,
    bias: Any,
    leak: Any,
    code: Any,
    xs: Any,
    fb: Any,
    noise: Any,
    state: Any,
    ys: Any,
) -> None:
    units = state.size
    whole = np.empty(room(units), state.dtype)
    drive, silence = whole[:units], whole[:0]
    for t in range(len(xs)):
        recur(kind, WT, data, indices, starts, state, whole)
        added = noise[t] if len(noise) > 0 else silence
        settle(drive, xs[t], WinT, fb[t], WfbT, bias, added, code, leak, state)
        row = ys[t]
        for i in range(units):
            row[i] = state[i]


@inner
def room(units: Any) -> Any:
    """Return the length of the scratch that `recur` needs."""
    return (units + SIDE - 1) // SIDE * SIDE


@step
def reservoir_step(args: Any, io: Any, like: Any) -> None:
    """Move a reservoir on by one step; `Weights.arguments` says what `args` are."""
    units, n_in, n_fb = args[0], args[1], args[2]
    whole, state = vector(args[5], room(units), like), vector(args[6], units, like)
    recur(
        args[4],
        matrix(args[7], args[8], units, like),
        vector(args[9], args[10], like),
        vector(args[11], args[12], np.uint32(0)),
        vector(args[13], args[14], np.uint32(0)),
        state,
        whole,
    )
    settle(
        whole[:units],
        vector(io[1], n_in, like),
        matrix(args[15], n_in, units, like),
        vector(io[2], n_fb, like),
        matrix(args[16], n_fb, units, like),
        vector(args[17], units, like),
        vector(io[3], units if io[3] else 0, like),
        args[3],
        vector(args[18], units, like),
        state,
    )
    y = vector(io[0], units, like)
    for i in range(units):
        y[i] = state[i]


class Weights:
    """The weights of a leaky reservoir, in the order that compiled loops want.

    ``x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + W_fb y[t-1] + b + noise[t])``, summed in
    that order, whatever the number of steps or series: the same bits for one chunk or many.

    Parameters
    ----------
    W : ndarray or csr_array, shape (units, units)
        Recurrent weights. All arrays have one precision, float32 or float64, and stay as they are.
    W_in : ndarray, shape (units, n_in)
        Input weights.
    bias, leak : ndarray, shape (units,)
        Bias b and leak rates a.
    code : int
        The activation f, from `nodes.activations.CODES`.
    W_fb : ndarray, shape (units, n_fb), optional
        Weights of what comes in as feedback.

    Examples
    --------
    >>> eye, one = np.eye(2), np.ones(2)
    >>> Weights(eye, np.ones((2, 1)), 0 * one, one, 0).run(np.ones((3, 1)), 0 * one)[-1]
    array([3., 3.])
    """

    def __init__(
        self, W: Any, W_in: Array, bias: Array, leak: Array, code: int, W_fb: Array | None = None
    ):
        self.dtype, self.units, self.code = bias.dtype, bias.size, code
        given = W_in, np.empty((bias.size, 0), self.dtype) if W_fb is None else W_fb
        self.inputs = [np.ascontiguousarray(weights.T) for weights in given]
        self.rows = [np.ascontiguousarray(row) for row in (bias, leak)]
        square = (self.units, self.units)
        shapes = [weights.shape[1:] for weights in self.inputs] + [row.shape for row in self.rows]
        if W.shape != square or any(shape != (self.units,) for shape in shapes):
            raise DataError("reservoir: the shapes of its weights do not fit each other")
        self.W = W.sorted_indices() if is_sparse(W) and not W.has_sorted_indices else W
        self.layout = laid_out(self.W)

    def run(
        self, xs: Array, x: Array, fb: Array | None = None, noise: Array | None = None
    ) -> Array:
        """Return the states (n_steps, units); the last row is the state after.

        Parameters
        ----------
        xs : ndarray, shape (n_steps, n_in)
            Input u.
        x : ndarray, shape (units,)
            State before the first step.
        fb : ndarray, shape (n_steps, n_fb), optional
            What comes in as feedback; zeros if left out.
        noise : ndarray, shape (n_steps, units), optional
            What is added before the activation.
        """
        series = self.checked(len(xs), xs, fb, noise)
        if x.shape != (self.units,):
            raise DataError("reservoir: its state does not fit its weights")
        ys = np.empty((len(xs), self.units), self.dtype)
        state = np.array(x)
        _chunk(self.dtype)(*self.layout, *self.inputs, *self.rows, self.code, *series, state, ys)
        return ys

    def checked(
        self, n_steps: int, xs: Array, fb: Array | None, noise: Array | None
    ) -> list[Array]:
        """Return C-contiguous input, feedback and noise of the right shapes: loops do not look."""
        n_fb = len(self.inputs[1])
        fb = np.zeros((n_steps, n_fb), self.dtype) if fb is None else fb
        noise = np.empty((0, self.units), self.dtype) if noise is None else noise
        series = [xs, fb, noise]
        shapes = [(n_steps, len(self.inputs[0])), (n_steps, n_fb), (n_steps, self.units)]
        fits = [s.shape == shape for s, shape in zip(series, shapes, strict=True)]
        if not all(fits[:2]) or not (fits[2] or not len(noise)):
            raise DataError("reservoir: the shapes of inputs and weights do not fit each other")
        return [s if s.flags.c_contiguous else np.ascontiguousarray(s) for s in series]

    def by_row(self) -> tuple[Array, tuple[Array, Array, Array]]:
        """Return W row by row and no CSR parts, or a W without rows and its CSR parts."""
        if is_sparse(self.W):
            return np.empty((0, self.units), self.dtype), csr_parts(self.W)
        none = np.empty(0, np.uint32)
        return np.ascontiguousarray(self.W), (np.empty(0, self.dtype), none, none)

    def arguments(self, state: Array) -> tuple[Any, ...]:
        """Return the arguments of `reservoir_step`, which changes `state` in place."""
        kind, WT, data, indices, starts = self.layout
        parts = (len(WT), data, len(data), indices, len(indices), starts, len(starts))
        sizes = (self.units, *map(len, self.inputs), self.code, kind)
        scratch = np.empty(-(-self.units // SIDE) * SIDE, self.dtype)
        return *sizes, scratch, state, WT, *parts, *self.inputs, *self.rows
