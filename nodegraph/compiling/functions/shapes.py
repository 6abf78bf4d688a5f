"""Other shapes of arrays: views, orders of axes, arrays behind and beside each other, parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.indexing import permuted, reshaped
from nodegraph.compiling.ir import Dim, TraceError, code_of, current
from nodegraph.compiling.operands import Symbol, concatenate, kind_of, lift, spread, stack

__all__ = ["along", "diagonal", "flat", "full_like"]

implements(np.shape)(lambda a: a.shape)
implements(np.ndim)(lambda a: a.ndim)
implements(np.size)(lambda a: a.size)
implements(np.iscomplexobj)(lambda x: False)
implements(np.result_type)(lambda *of: np.result_type(*map(kind_of, of)))
implements(np.copy)(lambda a, order="K": a.copy())
implements(np.stack)(lambda arrays, axis=0: Var(stack(arrays, axis)))


def flat(a: Any) -> Var:
    """Return an array, or a list of some, along one axis."""
    return Var(reshaped(lift(a), -1))


@implements(np.reshape)
def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order not in ("C", "K", "A"):
        raise TraceError("the order of numbers in memory is not known; write a.T and order='C'")
    return a.seen(lambda op: reshaped(op, shape))


implements(np.ravel)(lambda a, order="C": _reshape(a, -1, order))


def _turned(function: Any) -> Callable[..., Any]:
    """Return what orders axes as a function of numpy does, which is asked with axes of 2, 3, .."""

    def made(a: Any, *args: Any, **options: Any) -> Any:
        asked = function(np.broadcast_to(0, range(2, 2 + a.ndim)), *args, **options)
        return a.seen(lambda op: permuted(op, [n - 2 for n in asked.shape]))

    return made


def _of_other_shape(function: Any) -> Callable[..., Any]:
    """Return what gives or takes axes of length 1 as a function of numpy does."""

    def made(a: Any, *args: Any, **options: Any) -> Any:
        shape = function(np.broadcast_to(0, a.shape), *args, **options).shape
        return a.seen(lambda op: reshaped(op, shape))

    return made


_ORDERS: Any = np.transpose, np.swapaxes, np.moveaxis, np.rollaxis
_SHAPES: Any = np.expand_dims, np.squeeze, np.atleast_1d, np.atleast_2d, np.atleast_3d
for _function in _ORDERS:
    implements(_function)(_turned(_function))
for _function in _SHAPES:
    implements(_function)(_of_other_shape(_function))


@implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any) -> Var:
    op = lift(array)
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if np.broadcast_shapes(op.shape, shape) != shape:
        raise ValueError(f"shape {op.shape} cannot be broadcast to {shape}")
    old = [None] * (len(shape) - op.ndim) + list(op.dims)
    dims = [d if d and d.value == n else Dim(n) for d, n in zip(old, shape, strict=True)]
    return Var(spread(op, dims), given=True)


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    """Return an array like `a`, all of one value."""
    op = lift(a)
    number = lift(fill_value, code_of(dtype or op.dtype.replace("b1", "?")))
    shape = op.shape if shape is None else shape
    dims = [Dim(n) for n in (shape if isinstance(shape, tuple | list) else (shape,))]
    same = tuple(d.value for d in dims) == op.shape
    return Var(spread(number, op.dims if same else dims))


implements(np.zeros_like, np.empty_like)(
    lambda a, dtype=None, shape=None: full_like(a, 0, dtype, shape)
)
implements(np.ones_like)(lambda a, dtype=None, shape=None: full_like(a, 1, dtype, shape))


@implements(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Var:
    if axis is None:
        return Var(concatenate([flat(p) for p in arrays]))
    return Var(concatenate(arrays, axis))


implements(np.append)(lambda arr, values, axis=None: _concatenate([arr, values], axis))


@implements(np.vstack)
def _vstack(tup: Sequence[Any]) -> Any:
    return _concatenate([np.atleast_2d(Var(lift(v))) for v in tup], 0)


@implements(np.hstack)
def _hstack(tup: Sequence[Any]) -> Any:
    parts = [np.atleast_1d(Var(lift(v))) for v in tup]
    return _concatenate(parts, 0 if parts[0].ndim == 1 else 1)


@implements(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Any:
    parts = [Var(lift(v)) for v in tup]
    return _concatenate([p if p.ndim > 1 else flat(p)[:, None] for p in parts], 1)


@implements(np.split, np.array_split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    axis = normalize_axis_index(axis, ary.ndim)
    places = np.array_split(np.arange(ary.shape[axis]), indices_or_sections)
    if isinstance(indices_or_sections, int) and len({len(p) for p in places}) > 1:
        raise TraceError("np.split into parts that differ in length: write slices")
    key = (slice(None),) * axis
    return [ary[(*key, slice(p[0], p[-1] + 1) if len(p) else slice(0, 0))] for p in places]


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
        how: Any = "edge" if mode == "constant" else mode
        array = along(array, axis, np.pad(np.arange(n), widths, mode=how))
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
