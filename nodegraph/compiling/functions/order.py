"""Where numbers are and in which order, and sums of all so far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.functions.shapes import flat
from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.operands import lift
from nodegraph.compiling.reductions import scan

__all__ = ["first_of"]

_MOST = 1024  # numbers that are put in order by comparing each with each


def first_of(extreme: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the greatest or least number is first; NaN is both.

    Parameters
    ----------
    extreme : callable
        `numpy.max` or `numpy.min`.
    """
    a = Var(lift(a)) if axis is not None else flat(a)
    axis = normalize_axis_index(axis or 0, a.ndim)
    n = a.shape[axis]
    found = a == extreme(a, axis, keepdims=True)
    if a.dtype.kind == "f":
        found = found | np.isnan(a)
    places = np.arange(n).reshape(-1, *[1] * (a.ndim - 1 - axis))
    return np.min(np.where(found, places, n), axis, keepdims=keepdims)


implements(np.argmax)(lambda a, axis=None, keepdims=False: first_of(np.max, a, axis, keepdims))
implements(np.argmin)(lambda a, axis=None, keepdims=False: first_of(np.min, a, axis, keepdims))


def _ranks(a: Any) -> Any:
    """Return the place of each number in the order of all; equal ones stay in theirs."""
    n = a.shape[0] if a.ndim else 0
    if a.ndim != 1 or n > _MOST:
        raise TraceError(
            f"compiled steps sort up to {_MOST} numbers along one axis; for a threshold learn it, "
            "or keep the order in the state"
        )
    one, other = a[:, None], a[None, :]
    before, same = other < one, other == one
    if a.dtype.kind == "f":  # NaN comes last
        nan, others = np.isnan(one), np.isnan(other)
        before = before | (nan & ~others)
        same = same | (nan & others)
    earlier = np.tri(n, k=-1, dtype=bool)
    return np.sum(before | (same & earlier), 1)


def _in_order(a: Any, values: Any) -> Any:
    made = np.zeros_like(values)
    made[_ranks(a)] = values
    return made


@implements(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    a = flat(a) if axis is None else Var(lift(a))
    return _in_order(a, a)


@implements(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    a = flat(a) if axis is None else Var(lift(a))
    return _in_order(a, Var(lift(np.arange(a.size))))


def _sorted(a: Any, axis: Any, name: str) -> Any:
    if axis is not None and np.ndim(a) > 1:
        raise TraceError(f"np.{name} along one of several axes is not known to compiled steps")
    return _sort(a, None)


def _or_nan(a: Any, found: Any) -> Any:
    """Return NaN if there is one, which comes last in the order."""
    return np.where(np.isnan(a[-1]), a[-1], found) if a.dtype.kind == "f" else found


@implements(np.median)
def _median(a: Any, axis: Any = None) -> Any:
    a = _sorted(a, axis, "median")
    n = len(a)
    return _or_nan(a, a[n // 2] * 1.0 if n % 2 else (a[n // 2 - 1] + a[n // 2]) / 2)


@implements(np.quantile)
def _quantile(a: Any, q: Any, axis: Any = None) -> Any:
    """Return what a share `q` of the numbers is below; one of numpy's has its own precision."""
    if np.ndim(q):
        return np.stack([_quantile(a, part, axis) for part in np.asarray(q, float)])
    a = _sorted(a, axis, "quantile")
    at = q * (len(a) - 1)
    low = int(np.floor(at))
    high = min(low + 1, len(a) - 1)
    return _or_nan(a, a[low] + (a[high] - a[low]) * (at - low + 0.0))


implements(np.percentile)(
    lambda a, q, axis=None: _quantile(a, (np.asarray(q) if np.ndim(q) else q) / 100, axis)
)


def _scan(name: str, a: Any, axis: Any) -> Var:
    a = flat(a) if axis is None else Var(lift(a))
    a = a.astype(int) if a.dtype == bool else a
    return Var(scan(name, a, axis or 0))


implements(np.cumsum)(lambda a, axis=None: _scan("add", a, axis))
implements(np.cumprod)(lambda a, axis=None: _scan("multiply", a, axis))
