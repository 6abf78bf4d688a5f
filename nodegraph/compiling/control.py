"""Branches that may be skipped, and loops: `cond` and `repeat`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nodegraph.arrays import tree_map
from nodegraph.compiling.arrays import Var
from nodegraph.compiling.ir import Op, Region, Trace, TraceError, active, current
from nodegraph.compiling.layout import filled, flat
from nodegraph.compiling.operands import Symbol, cast, lift
from nodegraph.compiling.reasons import written_at
from nodegraph.compiling.sparse import SparseVar
from nodegraph.errors import ContractError

__all__ = ["CarryError", "carried", "cond", "looped", "repeat"]


class CarryError(TraceError, ContractError):
    """What a loop or branch carries became another kind of array: an error in plain Python too."""


_ONE = "cond asks for one number; write (..).any() or .all(), or where"


def cond(condition: Any, function: Callable[..., Any], *carry: Any) -> Any:
    """Return ``function(*carry)`` if `condition` holds, else `carry` as it is; one for one.

    Parameters
    ----------
    condition : bool or symbolic array
        One number; with a plain one this is plain Python.
    function : callable
        Takes and returns arrays, or tuples of arrays, of the same shapes and dtypes.
    *carry
        What it takes.
    """
    kept = carry[0] if len(carry) == 1 else carry
    if not isinstance(condition, Var):
        if np.size(condition) != 1:
            raise ValueError(_ONE)
        return function(*carry) if condition else kept
    if condition.ndim:
        raise TraceError(_ONE)
    trace = current()
    inner = Region(trace.region)
    with trace.within(inner):
        found = list(flat(function(*carry)))
    olds = list(flat(kept))
    if len(found) != len(olds):
        raise TraceError(
            f"the function given to cond takes {len(olds)} arrays, returns {len(found)}"
        )
    flag = cast(condition.op, "b1")
    chosen = [_chosen(trace, inner, flag, *pair) for pair in zip(found, olds, strict=True)]
    return filled(kept, chosen)


def _chosen(trace: Trace, inner: Region, flag: Op, new: Any, old: Any) -> Any:
    """Return what one array of a branch is behind it."""
    if new is old or (type(new) is type(old) and isinstance(new, int | float | str) and new == old):
        return old
    if isinstance(old, SparseVar) and isinstance(new, SparseVar) and old.alike(new):
        data = _chosen(trace, inner, flag, *(Var(W.parts["data"]) for W in (new, old)))
        return old.with_op(data.op)
    old_op = lift(old)
    with trace.within(inner):
        new_op = lift(new)
    _check_same(new_op, old_op, "the function given to cond")
    if new_op is old_op:
        return Var(old_op)
    for a, b in zip(old_op.dims, new_op.dims, strict=True):
        a.same(b)
    inner.outs.append(trace.placed("condout", (flag, new_op, old_op), (), old_op, inner))
    return Var(inner.outs[-1])


def repeat(n: int, body: Callable[[Any], Any], carry: Any, *more: Any) -> Any:
    """Return ``body(body(... body(carry)))``, `n` times; traced once, and run as a loop.

    Parameters
    ----------
    n : int
        Known when the step is traced.
    body : callable
        Takes and returns the like of `carry`, of the same shapes and dtypes.
    carry : array or tuple of arrays
        With plain arrays this is a loop in Python.
    *more
        Refused: one tuple carries several arrays.
    """
    if more:
        raise CarryError("repeat carries one thing: write repeat(n, body, (v, k)), and body(carry)")
    trace = active()
    if isinstance(n, Symbol):
        raise TraceError(
            "repeat needs to know how often when it is traced; write the most, and in the body "
            "where(k < n, new, old)"
        )
    if trace is None:
        return _repeated(n, body, carry)
    if n <= 0:
        return carry
    inner = Region(trace.region, trace.const(n, "i8"))
    starts = [lift(v) for v in flat(carry)]
    with trace.within(inner):
        given = [Var(carried(trace, start), given=True) for start in starts]
        news = [lift(v) for v in flat(body(filled(carry, given)))]
    _check_count(news, starts)
    for new, start in zip(news, starts, strict=True):
        _check_same(new, start)
    outs = [looped(trace, inner, *pair) for pair in zip(starts, news, strict=True)]
    return filled(carry, map(Var, outs))


def _repeated(n: int, body: Callable[[Any], Any], carry: Any) -> Any:
    carry = tree_map(np.asarray, carry)
    for _ in range(n):
        found = body(carry)
        news, olds = [*flat(found)], [*flat(carry)]
        _check_count(news, olds)
        for new, old in zip(news, olds, strict=True):
            _check_same(np.asarray(new), old)
        carry = found
    return carry


def carried(trace: Trace, start: Op) -> Op:
    """Return what a turn of the loop starts from."""
    return trace.placed("carry", (start,), (), start)


def looped(trace: Trace, region: Region, start: Op, new: Op) -> Op:
    """Return what is there after the loop."""
    for a, b in zip(start.dims, new.dims, strict=True):
        a.same(b)
    region.outs.append(trace.placed("loopout", (start, new), (), start, region))
    return region.outs[-1]


def _check_count(news: Sequence[Any], olds: Sequence[Any]) -> None:
    if len(news) != len(olds):
        raise CarryError(
            f"repeat's body takes {len(olds)} arrays and returns {len(news)} ({written_at()})"
        )


def _check_same(new: Any, old: Any, who: str = "repeat's body") -> None:
    if new.shape != old.shape or new.dtype != old.dtype:
        raise CarryError(
            f"{who} made {new.dtype}{list(new.shape)} of {old.dtype}{list(old.shape)}; give "
            "it the shape and dtype that it returns, or return it .astype(old.dtype) "
            f"({written_at()})"
        )
