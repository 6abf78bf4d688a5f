"""Functions that look at the numbers of an array together: sums, means, choices, order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from nodegraph.compiling.arrays import Var, implements
from nodegraph.compiling.functions.shapes import diagonal, flat
from nodegraph.compiling.ir import TraceError
from nodegraph.compiling.operands import kind_of, lift, where
from nodegraph.compiling.products import reduce, scan

__all__ = ["first_of", "real", "typed"]


def typed(a: Any, dtype: Any = None) -> Var:
    """Return an array as a symbolic one, in a dtype if one is named."""
    return Var(lift(a)) if dtype is None else Var(lift(a)).astype(dtype)


def real(a: Var) -> Var:
    """Return whole numbers and truths as numbers whose sums do not end at 64 bits."""
    return a if a.dtype.kind == "f" else a.astype(float)


def _reduction(name: str) -> Callable[..., Any]:
    def made(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Var:
        return Var(reduce(name, typed(a, dtype), axis, keepdims))

    return made


def _without_dtype(name: str) -> Callable[..., Any]:
    return lambda a, axis=None, keepdims=False: Var(reduce(name, a, axis, keepdims))


implements(np.sum)(_reduction("add"))
implements(np.prod)(_reduction("multiply"))
implements(np.max, np.amax)(_without_dtype("max"))
implements(np.min, np.amin)(_without_dtype("min"))
implements(np.any)(_without_dtype("any"))
implements(np.all)(_without_dtype("all"))
implements(np.ptp)(lambda a, axis=None: np.max(a, axis) - np.min(a, axis))
implements(np.count_nonzero)(lambda a, axis=None: np.sum(typed(a, bool), axis))
implements(np.trace)(lambda a, offset=0: np.sum(diagonal(a, offset)))
implements(np.array_equal)(lambda a1, a2: np.all(a1 == a2) if a1.shape == a2.shape else False)


@implements(np.where)
def _where(condition: Any, *values: Any) -> Var:
    if len(values) != 2:
        raise TraceError("np.where(mask) has no known length; write where(mask, a, b)")
    return Var(where(condition, *values))


def _count(a: Any, axis: Any) -> int:
    axes = range(a.ndim) if axis is None else normalize_axis_tuple(axis, a.ndim)
    return int(np.prod([a.shape[i] for i in axes]))


@implements(np.mean)
def _mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    a = real(typed(a, dtype))
    return np.sum(a, axis, keepdims=keepdims) / _count(a, axis)


@implements(np.var)
def _var(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    a = real(typed(a))
    far = a - _mean(a, axis, keepdims=True)
    return np.sum(far * far, axis, keepdims=keepdims) / max(_count(a, axis) - ddof, 0)


@implements(np.std)
def _std(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return np.sqrt(_var(a, axis, ddof, keepdims))


@implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return _mean(a, axis)
    a, weights = real(typed(a)), real(typed(weights))
    if weights.shape != a.shape:
        if weights.ndim != 1 or not isinstance(axis, int):
            raise TraceError("np.average: weights go with the array, or with one axis")
        weights = weights[(slice(None), *[None] * (a.ndim - 1 - axis % a.ndim))] + np.zeros(a.shape)
    return np.sum(a * weights, axis) / np.sum(weights, axis)


@implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if low is None or high is None:
        a = a if low is None else np.maximum(a, low)
        return a if high is None else np.minimum(a, high)
    return np.minimum(high, np.maximum(low, a))  # a zero keeps its sign


@implements(np.round, np.around)
def _round(a: Any, decimals: int = 0) -> Any:
    if a.dtype.kind != "f":
        if decimals < 0 or a.dtype == bool:
            raise TraceError("np.round of bools, or to tens: write 10 * np.rint(a / 10)")
        return a.copy()
    scale = 10.0 ** abs(decimals)
    if decimals < 0:
        return np.rint(a / scale) * scale
    return np.rint(a * scale) / scale if decimals else np.rint(a)


@implements(np.nan_to_num)
def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if x.dtype.kind != "f":
        return x.copy()
    most = np.finfo(x.dtype).max
    high, low = most if posinf is None else posinf, -most if neginf is None else neginf
    known = np.where(x == np.inf, high, np.where(x == -np.inf, low, x))
    return np.where(np.isnan(x), nan, known)


@implements(np.isclose)
def _isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Any:
    b = typed(b, None if kind_of(b) in (np.float64, np.float32) else float)
    near = abs(a - b) <= atol + rtol * abs(b)
    return (near & np.isfinite(b)) | (a == b)


implements(np.allclose)(lambda a, b, rtol=1e-5, atol=1e-8: np.all(_isclose(a, b, rtol, atol)))


@implements(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    kind = np.result_type(*map(kind_of, [*choicelist, default]))
    chosen: Any = typed(default, kind)
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        chosen = np.where(condition, typed(choice, kind), chosen)
    return chosen


_MOST = 1024**2  # comparisons: numbers are put in order by comparing each with each


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
    """Return the place of each number in the order along the first axis; equal ones stay so."""
    n = a.shape[0]
    one, other = a[:, None], a[None]
    before, same = other < one, other == one
    if a.dtype.kind == "f":  # NaN comes last
        nan, others = np.isnan(one), np.isnan(other)
        before = before | (nan & ~others)
        same = same | (nan & others)
    earlier = np.tri(n, k=-1, dtype=bool).reshape(n, n, *[1] * (a.ndim - 1))
    return np.sum(before | (same & earlier), 1)


def _in_order(a: Any, axis: int | None, places: bool = False) -> Any:
    """Return numbers in order along an axis, which comes first, or which places they have."""
    if np.ndim(axis or 0):
        raise TraceError("compiled steps sort along one axis or all of them; write a.reshape first")
    a = flat(a) if axis is None else Var(lift(a))
    a = np.moveaxis(a, axis or 0, 0)
    n = a.shape[0]
    if n * a.size > _MOST:
        raise TraceError(
            f"compiled steps sort up to {int(_MOST**0.5)} numbers along an axis; for a threshold "
            "learn it, or keep the order in the state"
        )
    along = [np.arange(k).reshape(-1, *[1] * (a.ndim - 1 - i)) for i, k in enumerate(a.shape)]
    made = np.zeros_like(a, dtype=int if places else a.dtype)
    made[(_ranks(a), *along[1:])] = np.broadcast_to(along[0], a.shape) if places else a
    return made


@implements(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    return np.moveaxis(_in_order(a, axis), 0, axis or 0)


@implements(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    return np.moveaxis(_in_order(a, axis, places=True), 0, axis or 0)


def _or_nan(a: Any, found: Any) -> Any:
    """Return NaN if there is one, which comes last in the order."""
    return np.where(np.isnan(a[-1]), a[-1], found) if a.dtype.kind == "f" else found


@implements(np.median)
def _median(a: Any, axis: Any = None) -> Any:
    a = _in_order(a, axis)
    n = len(a)
    upper = a[n // 2] * 1.0  # of two that are True the mean is 1
    return _or_nan(a, upper if n % 2 else (a[n // 2 - 1] + upper) / 2)


@implements(np.quantile)
def _quantile(a: Any, q: Any, axis: Any = None) -> Any:
    """Return what a share `q` of the numbers is below; one of numpy's has its own precision."""
    if np.ndim(q):
        return np.stack([_quantile(a, part, axis) for part in np.asarray(q, float)])
    a = _in_order(a, axis)
    at = q * (len(a) - 1)
    low = int(np.floor(at))
    high, share = min(low + 1, len(a) - 1), at - low + 0.0
    step = a[high] - a[low]
    return _or_nan(a, a[low] + step * share if share < 0.5 else a[high] - step * (1 - share))


implements(np.percentile)(
    lambda a, q, axis=None: _quantile(a, (np.asarray(q) if np.ndim(q) else q) / 100, axis)
)


def _scan(name: str, a: Any, axis: Any) -> Var:
    a = flat(a) if axis is None else Var(lift(a))
    a = a.astype(int) if a.dtype == bool else a
    return Var(scan(name, a, axis or 0))


implements(np.cumsum)(lambda a, axis=None: _scan("add", a, axis))
implements(np.cumprod)(lambda a, axis=None: _scan("multiply", a, axis))
