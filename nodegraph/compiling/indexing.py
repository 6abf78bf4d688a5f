"""Parts of arrays, as operations: what an index means, views, writing into a part, other shapes.

Of a mask whose truth is known only when the step runs, `Masked` stands for the part.

An index is a *spec*, one entry for each axis of the array that is looked at:

* ``("at", i)``: at a place that is known,
* ``("ax", j, k, step)``: along axis j of the view, from operand k on (from 0 if None),
* ``("take", k, axes)``: at the places that operand k holds, along those axes of the view; at one
  place, if it is a number.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.lib.mixins import NDArrayOperatorsMixin

from nodegraph.compiling.ir import Dim, Op, TraceError, current
from nodegraph.compiling.operands import Symbol, broadcast, lift, spread
from nodegraph.compiling.reasons import MASK

__all__ = ["Masked", "gathers", "holds_places", "is_mask", "permuted", "put", "reshaped", "view",
           "written"]  # fmt: skip


def holds_places(key: Any) -> bool:
    """Tell whether an index has arrays of places, or masks, in it."""
    keys = key if isinstance(key, tuple) else (key,)
    return any(isinstance(k, list) or _rank(k) > 0 for k in keys)


def is_mask(key: Any, shape: tuple[int, ...]) -> bool:
    """Tell whether `key` says of each number of an array, when it runs, whether it is meant."""
    return isinstance(key, Symbol) and key.op.dtype == "b1" and key.op.shape == shape != ()


def gathers(spec: Any) -> bool:
    """Tell whether places are looked up one by one, so that one may come twice."""
    return any(part[0] == "take" and part[2] for part in spec)


def _rank(k: Any) -> int:
    if isinstance(k, Symbol):
        return k.op.ndim
    return k.ndim if isinstance(k, np.ndarray | Op) else 0


def _entries(k: Any) -> list[Any]:
    """Return an entry of an index as places that are known, an operation, a slice or None."""
    if k is None or k is Ellipsis or isinstance(k, slice):
        return [k]
    if isinstance(k, list) and not any(isinstance(v, Symbol) for v in k):
        k = np.array(k, None if k else int)
    if isinstance(k, Symbol | list):
        k = lift(k)
        if k.dtype == "b1":
            raise TraceError(MASK)
        if k.dtype not in ("i8", "u4"):
            raise IndexError("an index is a whole number; write .astype(int)")
        return [k]
    if isinstance(k, bool | np.bool_):
        raise TraceError(MASK)
    if _rank(k):
        return list(np.nonzero(k)) if k.dtype == bool else [k.astype(np.int64, casting="same_kind")]
    return [operator.index(k)]


def _key_of(op: Op, key: Any) -> list[Any]:
    """Return an index with an entry for each axis of `op`, and None for each new one."""
    keys = [entry for k in (key if isinstance(key, tuple) else (key,)) for entry in _entries(k)]
    at = [i for i, k in enumerate(keys) if k is Ellipsis]
    taken = sum(k is not None and k is not Ellipsis for k in keys)
    if taken > op.ndim or len(at) > 1:
        raise IndexError(f"too many indices for an array of shape {op.shape}")
    first = at[0] if at else len(keys)
    return [*keys[:first], *[slice(None)] * (op.ndim - taken), *keys[first + 1 :]]


class _Index:
    """What an index of an array means: its spec, the operands of it, the axes of what is seen."""

    def __init__(self, op: Op, key: Any):
        self.op = op
        self.spec: list[Any] = []
        self.operands: list[Op] = []
        self.dims: list[Dim] = []
        keys = _key_of(op, key)
        self.shared = broadcast([lift(k) for k in keys if _rank(k)])  # axes of the places
        self.base: int | None = None  # where they come first
        fixed = [i for i, k in enumerate(keys) if k is not None and not isinstance(k, slice)]
        if any(_rank(k) for k in keys) and fixed != list(range(fixed[0], fixed[-1] + 1)):
            self._open_places()
        axis = 0
        for k in keys:
            if k is None:
                self.dims.append(Dim(1))
            else:
                self._axis(axis, k)
                axis += 1

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(d.value for d in self.dims)

    @property
    def whole(self) -> bool:
        """Whether it is all of the array as it is."""
        plain = [("ax", i, None, 1) for i in range(self.op.ndim)]
        return self.spec == plain and self.shape == self.op.shape

    def _open_places(self) -> None:
        self.base = len(self.dims)
        self.dims += self.shared

    def _axis(self, axis: int, k: Any) -> None:
        n = self.op.dims[axis].value
        if isinstance(k, slice):
            self._slice(self.op.dims[axis], k)
        elif _rank(k):
            if isinstance(k, np.ndarray) and k.size and not (-n <= k.min() and k.max() < n):
                raise IndexError(f"an index is out of bounds for axis {axis} with size {n}")
            self._take(k, n)
        elif isinstance(k, Op):
            if not n:
                raise IndexError(f"index into axis {axis}, which is empty")
            self.operands.append(k)
            self.spec.append(("take", len(self.operands), ()))
        else:
            if not -n <= k < n:
                raise IndexError(f"index {k} is out of bounds for axis {axis} with size {n}")
            self.spec.append(("at", k % n))

    def _slice(self, dim: Dim, k: slice) -> None:
        start, stop, step = k.indices(dim.value)
        length = len(range(start, stop, step))
        at = None
        if start:
            self.operands.append(lift(start, "i8"))
            at = len(self.operands)
        self.spec.append(("ax", len(self.dims), at, step))
        whole = (start, step, length) == (0, 1, dim.value)
        self.dims.append(dim if whole else Dim(length))

    def _take(self, k: Any, n: int) -> None:
        if self.base is None:
            self._open_places()
        places = lift(k)
        first = (self.base or 0) + len(self.shared) - places.ndim
        if isinstance(k, np.ndarray) and np.array_equal(k, np.arange(n)):
            self.spec.append(("ax", first, None, 1))  # place by place along the axis of places
            return
        self.operands.append(places)
        axes = tuple(
            first + j if d.value == self.dims[first + j].value else None
            for j, d in enumerate(places.dims)
        )
        self.spec.append(("take", len(self.operands), axes))


def view(op: Op, key: Any) -> Op:
    """Return ``op[key]``."""
    index = _Index(op, key)
    if index.whole:
        return op
    operands = (op, *index.operands)
    return current().op("view", operands, tuple(index.spec), index.dims, op.dtype)


def put(base: Op, key: Any, value: Any) -> Op:
    """Return `base` with ``base[key] = value``."""
    index, new = _Index(base, key), lift(value, base.dtype)
    while new.ndim > len(index.dims) and new.shape[0] == 1:
        new = view(new, 0)
    behind = index.shape[len(index.dims) - new.ndim :]
    if len(behind) != new.ndim or any(
        n not in (1, d) for n, d in zip(new.shape, behind, strict=True)
    ):
        raise ValueError(f"shape {new.shape} does not fit into {index.shape}")
    for d, n in zip(index.dims[::-1], new.dims[::-1], strict=False):
        if n.value == d.value:
            d.same(n)
    if index.whole:
        return spread(new, base.dims)
    attrs = tuple(index.spec), len(index.dims)
    made = current().op(
        "put", (base, new, *index.operands), attrs, base.dims, base.dtype, key=index.shape
    )
    made.value = tuple(index.dims)
    return made


def permuted(op: Op, order: Sequence[int]) -> Op:
    """Return `op` with its axes in another order."""
    order = [normalize_axis_index(i, op.ndim) for i in order]
    if sorted(order) != list(range(op.ndim)):
        raise ValueError(f"axes {tuple(order)} do not match an array of shape {op.shape}")
    if order == sorted(order):
        return op
    spec = tuple(("ax", order.index(old), None, 1) for old in range(op.ndim))
    return current().op("view", (op,), spec, [op.dims[o] for o in order], op.dtype)


def reshaped(op: Op, shape: Any) -> Op:
    """Return `op` with its numbers, in rows, in another shape; -1 is what is left."""
    shape = [operator.index(n) for n in (shape if isinstance(shape, tuple | list) else (shape,))]
    size = int(np.prod(op.shape))
    if -1 in shape:
        rest = int(np.prod([n for n in shape if n != -1]))
        shape[shape.index(-1)] = size // max(rest, 1)
    if int(np.prod(shape)) != size:
        raise ValueError(f"cannot reshape array of shape {op.shape} into {tuple(shape)}")
    if tuple(shape) == op.shape:
        return op
    if [n for n in shape if n != 1] == [n for n in op.shape if n != 1]:
        return _squeezed(op, shape)
    if op.ndim > 1 and len(shape) > 1:  # through one flat axis
        op = current().op("reshape", (op,), (), (Dim(size),), op.dtype)
    return current().op("reshape", (op,), (), [Dim(n) for n in shape], op.dtype)


def _squeezed(op: Op, shape: Sequence[int]) -> Op:
    """Return a view where axes of length 1 come or go."""
    bare = view(op, tuple(0 if n == 1 else slice(None) for n in op.shape))
    return view(bare, tuple(None if n == 1 else slice(None) for n in shape))


class Masked(NDArrayOperatorsMixin):
    """For ``a[mask] = ..``, ``a[mask] += ..``, and sums: all of `full`, of which `mask` is meant.

    Parameters
    ----------
    full, mask : symbolic array
        Of one shape.
    """

    refused = MASK

    def __init__(self, full: Any, mask: Any):
        self.full, self.mask = full, mask

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        own = [v for v in inputs if isinstance(v, Masked)]
        if method == "__call__" and options.keys() == {"out"} and options["out"] == (inputs[0],):
            options = {}  # a[mask] += 1 writes what comes out into a
        if method != "__call__" or options:
            self._refuse()
        if any(np.ndim(v) for v in inputs if not isinstance(v, Masked)) or any(
            lift(v.mask) is not lift(self.mask) for v in own
        ):
            raise TraceError("a[mask] goes with numbers and b[mask]; else write where(mask, a, b)")
        parts = [v.full if isinstance(v, Masked) else v for v in inputs]
        return Masked(ufunc(*parts), self.mask)

    def __array_function__(self, function: Any, kinds: Any, args: Any, options: Any) -> Any:
        own = function in _REST or function is np.mean
        return self._reduced(function) if own and not options else self._refuse()

    def _refuse(self, *_: Any) -> NoReturn:
        raise TraceError(MASK)

    __iter__ = __len__ = __getitem__ = __array__ = __bool__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._refuse()

    @property
    def dtype(self) -> Any:
        return self.full.dtype

    @property
    def ndim(self) -> int:
        return 1

    def _reduced(self, function: Any) -> Any:
        real = self.dtype.kind == "f"
        if function is np.mean:
            count = np.sum(self.mask)
            return self._reduced(np.sum) / (count.astype(self.dtype) if real else count)
        if function in (np.max, np.min) and not real:
            self._refuse()
        return function(np.where(self.mask, self.full, self.dtype.type(_REST[function])))


_REST = {np.sum: 0, np.any: 0, np.all: 1, np.max: -np.inf, np.min: np.inf}  # beside the mask
for _function in (*_REST, np.mean):
    setattr(Masked, _function.__name__, lambda self, what=_function: self._reduced(what))


def written(mask: Any, value: Any, old: Any) -> Any:
    """Return `old` with ``old[mask] = value``."""
    if isinstance(value, Masked):
        if lift(value.mask) is not lift(mask):
            raise TraceError("a[mask] = b[other] has no known length; write where(mask, b, a)")
        value = value.full
    elif np.ndim(value):
        raise TraceError("a[mask] = b of an array has no known length; write where(mask, b, a)")
    return np.where(mask, value, old).astype(old.dtype)
