"""Other shapes of arrays: views, orders of axes, arrays behind and beside each other, new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.indexing import permuted, reshaped
from nodegraph.compiling.ir import Dim, TraceError, code_of
from nodegraph.compiling.operands import concatenate, kind_of, lift, spread, stack

__all__ = ["flat", "full_like"]

implements(np.shape)(lambda a: a.shape)
implements(np.ndim)(lambda a: a.ndim)
implements(np.size)(lambda a: a.size)
implements(np.iscomplexobj)(lambda x: False)
implements(np.result_type)(lambda *of: np.result_type(*map(kind_of, of)))
implements(np.copy)(lambda a, order="K": a.copy())
implements(np.stack)(lambda arrays, axis=0: Var(stack(arrays, axis)))
implements(np.atleast_1d)(lambda a: a if a.ndim else a[None])
implements(np.atleast_2d)(lambda a: a if a.ndim > 1 else a[None] if a.ndim else a[None, None])


def flat(a: Any) -> Var:
    """Return an array, or a list of some, along one axis."""
    return Var(reshaped(lift(a), -1))


@implements(np.reshape)
def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order not in ("C", "K", "A"):
        raise TraceError("the order of numbers in memory is not known; write a.T and order='C'")
    return a.seen(lambda op: reshaped(op, shape))


implements(np.ravel)(lambda a, order="C": _reshape(a, -1, order))


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return a.seen(lambda op: permuted(op, axes or range(op.ndim)[::-1]))


@implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transpose(a, order)


@implements(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    source, destination = (normalize_axis_tuple(v, a.ndim) for v in (source, destination))
    order = [i for i in range(a.ndim) if i not in source]
    for to, since in sorted(zip(destination, source, strict=True)):
        order.insert(to, since)
    return _transpose(a, order)


@implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    several = axis if isinstance(axis, tuple | list) else (axis,)
    new = normalize_axis_tuple(several, a.ndim + len(several))
    return a[tuple(None if i in new else slice(None) for i in range(a.ndim + len(new)))]


@implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    alone = tuple(i for i, n in enumerate(a.shape) if n == 1)
    gone = alone if axis is None else normalize_axis_tuple(axis, a.ndim)
    if not set(gone) <= set(alone):
        raise ValueError(f"axes {gone} of {a.shape} are not of length 1")
    return a[tuple(0 if i in gone else slice(None) for i in range(a.ndim))]


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
