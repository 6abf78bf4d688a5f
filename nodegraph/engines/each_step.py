"""What steps and updates return where they run through Python: looked at each time, cheaply."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from nodegraph.arrays import Array
from nodegraph.engines.first_use import change, check_params, check_still, pair, told
from nodegraph.errors import ContractError
from nodegraph.graph.rule import Rule

__all__ = ["moved", "refuse_rows", "stacked", "taught"]


def moved(found: Any, node: Any, before: Any) -> tuple[Any, Any]:
    """Return ``(state, y)`` as a step from state `before` returned it, if it is that.

    Raises
    ------
    ContractError
    """
    where = f"{type(node).__name__}.step"
    state, y = pair(found, where, "(state, y)")
    if not _is_alike(before, state) and (odd := change(before, state)):
        raise ContractError(f"{where} returned another kind of state than before: {odd}")
    return state, y


def taught(found: Any, rule: Rule, before: Any) -> tuple[Any, Any]:
    """Return ``(params, memory)`` as an update of `before`, such a pair, returned it.

    Raises
    ------
    ContractError
    """
    where = f"{type(rule).__name__}.update"
    params, memory = pair(found, where, "(params, memory)")
    if params is not before[0]:
        check_still(where, rule, before[0], check_params(where, before[0], params))
    if not _is_alike(before[1], memory) and (odd := change(before[1], memory)):
        raise ContractError(f"{where} returned another kind of memory than before: {odd}")
    return params, memory


def _is_alike(one: Any, other: Any) -> bool:
    """Tell at a glance whether two tuples have arrays of the same kinds; else look closer."""
    if one is other:
        return True
    try:
        pairs = zip(one, other, strict=True)
        same = all(a.shape == b.shape and a.dtype is b.dtype for a, b in pairs)
        return same and type(one) is type(other)
    except (AttributeError, TypeError, ValueError):
        return False


def stacked(ys: list[Any], node: Any) -> Array:
    """Return the outputs of steps as one array, if all are alike.

    Raises
    ------
    ContractError
        With the first that is unlike the one before it.
    """
    faces = [(getattr(y, "shape", None), getattr(y, "dtype", None)) for y in ys]
    if faces.count(faces[0]) < len(faces) or faces[0][0] is None:
        odd = next((t for t, face in enumerate(faces) if face != faces[0]), 0)
        before = f", before {told(ys[0])}" if odd else "; expected an array"
        raise ContractError(
            f"{type(node).__name__}.step returned y as {told(ys[odd])} in step {odd} of these "
            f"{len(ys)}{before}"
        )
    return np.stack(ys)


def refuse_rows(ys: Array, node: Any, past: Array) -> NoReturn:
    """Refuse outputs that are no rows like those before.

    Raises
    ------
    ContractError
    """
    raise ContractError(
        f"{type(node).__name__}.step returned y as {told(ys[0])}, before {told(past[0])}"
    )
