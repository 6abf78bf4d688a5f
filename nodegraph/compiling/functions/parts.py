"""Parts of arrays by place: rolled, repeated, padded, triangles and diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.functions.shapes import flat
from nodegraph.compiling.ir import TraceError, current
from nodegraph.compiling.operands import Symbol, lift

__all__ = ["along", "diagonal"]


def along(a: Any, axis: int, key: Any) -> Any:
    """Return ``a[..., key, ...]`` with `key` at an axis."""
    return a[(*[slice(None)] * normalize_axis_index(axis, a.ndim), key)]


@implements(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    turned = range(m.ndim) if axis is None else normalize_axis_tuple(axis, m.ndim)
    return m[tuple(slice(None, None, -1 if i in turned else 1) for i in range(m.ndim))]


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        after, before = along(a, axis, slice(1, None)), along(a, axis, slice(None, -1))
        a = after != before if a.dtype == bool else after - before
    return a


@implements(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return _roll(a.ravel(), shift, 0).reshape(a.shape).copy()
    for steps, i in np.broadcast(shift, axis):
        n = a.shape[i]
        a = along(a, int(i), (np.arange(n) - steps) % max(n, 1))
    return a


@implements(np.take)
def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    a = Var(lift(a))
    return a.ravel()[indices] if axis is None else along(a, axis, indices)


@implements(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    arr, axis = Var(lift(arr)), normalize_axis_index(axis, np.ndim(arr))
    keys = [np.arange(n).reshape(-1, *[1] * (arr.ndim - 1 - i)) for i, n in enumerate(arr.shape)]
    return arr[tuple(indices if i == axis else k for i, k in enumerate(keys))]


@implements(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if isinstance(repeats, Symbol):
        raise TraceError("np.repeat as often as an array says has no known length; write where")
    a, axis = (a.ravel(), 0) if axis is None else (a, axis)
    return along(a, axis, np.repeat(np.arange(a.shape[axis]), repeats))


@implements(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    reps = np.atleast_1d(reps).tolist()
    A = A.reshape((1,) * max(len(reps) - A.ndim, 0) + A.shape)
    for axis, n in enumerate(reps, A.ndim - len(reps)):
        A = A if n == 1 else along(A, axis, np.tile(np.arange(A.shape[axis]), n))
    return A.copy()


@implements(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    a, n = flat(a), int(np.prod(new_shape))
    return a[np.arange(n) % max(a.size, 1)].reshape(new_shape).copy()


@implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    if mode not in ("constant", "edge", "wrap", "reflect") or np.ndim(constant_values):
        raise TraceError(f"np.pad {mode!r} so is not known to compiled steps; use np.concatenate")
    filled = lift(constant_values, lift(array).dtype)
    for axis, widths in enumerate(np.broadcast_to(pad_width, (array.ndim, 2)).tolist()):
        n = array.shape[axis]
        shape = (-1, *[1] * (array.ndim - 1 - axis))
        inside = np.pad(np.full(n, True), widths).reshape(shape)
        how = "edge" if mode == "constant" else mode
        array = along(array, axis, np.pad(np.arange(n), widths, mode=how))  # type: ignore[call-overload]
        if mode == "constant":
            array = np.where(inside, array, Var(filled))
    return array.copy()


def _triangle(m: Any, k: int) -> Any:
    return np.tri(m.shape[-2] if m.ndim > 1 else len(m), m.shape[-1], k, dtype=bool)


implements(np.triu)(lambda m, k=0: np.where(_triangle(m, k - 1), m.dtype.type(0), m))
implements(np.tril)(lambda m, k=0: np.where(_triangle(m, k), m, m.dtype.type(0)))


@implements(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return diagonal(v, k)
    if k:
        raise TraceError("np.diag beside the diagonal is not known; write np.eye(n, k=k) * v")
    return np.where(np.eye(len(v)) > 0, v, v.dtype.type(0))


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0) -> Var:
    """Return the diagonal of a matrix, which may not be written to."""
    a = Var(lift(a))
    if a.ndim != 2:
        raise TraceError('diagonals of more than one matrix: write np.einsum("uii->ui", a)')
    op = (a[:, offset:] if offset > 0 else a[-offset:]).op
    short = min(op.dims, key=lambda d: d.value)
    spec = (("ax", 0, None, 1), ("ax", 0, None, 1))
    return Var(current().op("view", (op,), spec, (short,), op.dtype), given=True)
